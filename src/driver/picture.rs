//! A picture of a site, as something that can be shown: small, and of a kind that holds no scripts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Error;

/// Bytes of a picture; captchas have a few thousand.
const MOST_BYTES: usize = 256 * 1024;

/// The kinds of pictures, by their first bytes.
const KINDS: [(&[u8], &str); 5] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"RIFF", "image/webp"),
];

/// A picture to be shown to the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its MIME type, by its bytes and not by what the site says.
    pub content_type: &'static str,
    /// Base64.
    pub data: String,
}

impl Picture {
    /// Reads the bytes of a picture.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for what is no picture or too large.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let kind = KINDS.iter().find(|(start, _)| bytes.starts_with(start)).ok_or(Error::Unreadable)?;
        let is_webp = bytes.get(8..12) == Some(b"WEBP");
        if bytes.len() > MOST_BYTES || (kind.1 == "image/webp" && !is_webp) {
            return Err(Error::Unreadable);
        }
        Ok(Self { content_type: kind.1, data: STANDARD.encode(bytes) })
    }

    /// Reads a picture that stands in the page itself (RFC 2397).
    ///
    /// # Errors
    /// As [`Picture::read`].
    pub fn from_data_url(text: &str) -> Result<Self, Error> {
        let (head, body) = text.trim().split_once(',').ok_or(Error::Unreadable)?;
        if !head.to_ascii_lowercase().ends_with(";base64") {
            return Err(Error::Unreadable);
        }
        let plain: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        Self::from_base64(&plain)
    }

    /// Reads the bytes of a picture from their text form.
    ///
    /// # Errors
    /// As [`Picture::read`].
    pub fn from_base64(text: &str) -> Result<Self, Error> {
        Self::read(&STANDARD.decode(text).map_err(|_| Error::Unreadable)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_bytes() {
        for (bytes, kind) in [
            (b"\x89PNG\r\n\x1a\n...".as_slice(), Some("image/png")),
            (b"GIF89a...", Some("image/gif")),
            (b"RIFF....WEBPVP8 ", Some("image/webp")),
            (b"RIFF....AVI ", None),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", None),
            (b"", None),
        ] {
            assert_eq!(Picture::read(bytes).ok().map(|picture| picture.content_type), kind);
        }
        assert!(Picture::read(&[b"GIF89a".as_slice(), &vec![0; MOST_BYTES]].concat()).is_err());
    }

    #[test]
    fn a_picture_inside_of_the_page_is_read() {
        assert!(Picture::from_data_url("data:image/gif;base64,R0lGODlhAQABAAAAACw=").is_ok());
        assert!(Picture::from_data_url("data:text/html;base64,PGI+").is_err());
        assert!(Picture::from_data_url("data:image/gif,GIF89a").is_err());
    }
}
