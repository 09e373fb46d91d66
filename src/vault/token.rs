//! The tokens in URLs: of a link, and of a file. How they are signed is in `signed`.

use entity::{FileId, LinkId, Timestamp};

use super::signed::Signer;
use super::{Error, MasterKeys};

const LINKS: &str = "postern link token v1";
const FILES: &str = "postern file token v1";

/// The token was not made by this server, or was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the link is not valid")]
pub struct Forged;

/// What an authentic token says. Whether it has expired is for the caller to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Which link.
    pub link: LinkId,
    /// Until when it may be opened; whole seconds.
    pub expires_at: Timestamp,
    /// Which master key signed it.
    pub key: u8,
}

/// Makes and reads the tokens of links and files. Clones share the keys.
#[derive(Clone)]
pub struct Tokens {
    links: Signer,
    files: Signer,
}

impl Tokens {
    /// Tokens signed with keys that come from `keys`.
    #[must_use]
    pub fn new(keys: &MasterKeys) -> Self {
        Self { links: Signer::new(keys, LINKS), files: Signer::new(keys, FILES) }
    }

    /// The key for new links; stored with the link, so that its URL stays the same.
    #[must_use]
    pub const fn current_key(&self) -> u8 {
        self.links.current()
    }

    /// The token of a link, always the same for the same three values.
    ///
    /// # Errors
    /// [`Error::UnknownKey`] if the operator has taken that master key away.
    pub fn mint(&self, link: LinkId, expires_at: Timestamp, key: u8) -> Result<String, Error> {
        self.links.mint(link.0, expires_at, key)
    }

    /// Reads a token from a URL, in constant time as far as the signature goes.
    ///
    /// # Errors
    /// [`Forged`] for everything that [`Tokens::mint`] did not write, letter by letter.
    pub fn read(&self, text: &str) -> Result<Token, Forged> {
        let said = self.links.read(text)?;
        Ok(Token { link: LinkId(said.id), expires_at: said.expires_at, key: said.key })
    }

    /// The token that lets its bearer fetch a file until `expires_at`; whole seconds.
    ///
    /// # Errors
    /// [`Error::UnknownKey`] never happens: it is signed with the current key.
    pub fn mint_for_file(&self, file: FileId, expires_at: Timestamp) -> Result<String, Error> {
        self.files.mint(file.0, expires_at, self.files.current())
    }

    /// Reads a file's token: which file, and until when. Whether it has expired is for the caller to judge.
    ///
    /// # Errors
    /// [`Forged`] for everything that [`Tokens::mint_for_file`] did not write.
    pub fn read_for_file(&self, text: &str) -> Result<(FileId, Timestamp), Forged> {
        self.files.read(text).map(|said| (FileId(said.id), said.expires_at))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::master::tests::{TWO, keys};
    use super::super::signed::LENGTH;
    use super::*;

    const LINK: LinkId = LinkId(Uuid::from_u128(0x0192_f3a1_b2c3_7d4e_8f50_6172_8394_a5b6));
    const EXPIRES_AT: Timestamp = Timestamp(1_795_000_000_000);

    fn tokens() -> Tokens {
        Tokens::new(&keys(TWO))
    }

    #[test]
    fn a_token_says_what_was_put_into_it() {
        for key in [7, 3] {
            let token = tokens().mint(LINK, EXPIRES_AT, key).unwrap();
            assert_eq!(tokens().read(&token), Ok(Token { link: LINK, expires_at: EXPIRES_AT, key }));
        }
        assert_eq!(tokens().mint(LINK, EXPIRES_AT, 4), Err(Error::UnknownKey(4)));
    }

    #[test]
    fn the_path_of_a_link_has_at_most_80_characters_that_need_no_escape() {
        let token = tokens().mint(LINK, EXPIRES_AT, 7).unwrap();

        assert!(format!("/l/{token}").len() <= 80);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }

    #[test]
    fn no_other_text_is_a_token() {
        let token = tokens().mint(LINK, EXPIRES_AT, 7).unwrap();
        for place in 0..token.len() {
            for other in "AQgw-_9z=+/ .".chars().filter(|other| !token[place..].starts_with(*other)) {
                let forged = format!("{}{other}{}", &token[..place], &token[place + 1..]);
                assert_eq!(tokens().read(&forged), Err(Forged), "{forged}");
            }
        }
        for forged in [
            String::new(),
            token[1..].to_owned(),
            format!("{token}="),
            format!("{token}A"),
            format!(" {token}"),
            format!("é{}", &token[2..]),
            "A".repeat(LENGTH),
            "A".repeat(1_000_000),
        ] {
            assert_eq!(tokens().read(&forged), Err(Forged));
        }
    }

    #[test]
    fn a_token_of_a_key_that_was_taken_away_is_forged() {
        let token = tokens().mint(LINK, EXPIRES_AT, 3).unwrap();
        let new = Tokens::new(&keys(TWO.split_once('\n').unwrap().0));

        assert_eq!(new.read(&token), Err(Forged));
    }

    #[test]
    fn what_was_signed_for_a_link_opens_no_file_and_the_other_way_round() {
        let file = tokens().mint_for_file(FileId(LINK.0), EXPIRES_AT).unwrap();
        let link = tokens().mint(LINK, EXPIRES_AT, 7).unwrap();

        assert_eq!(tokens().read_for_file(&file), Ok((FileId(LINK.0), EXPIRES_AT)));
        assert_eq!((tokens().read(&file), tokens().read_for_file(&link)), (Err(Forged), Err(Forged)));
    }

    #[test]
    fn the_token_is_the_one_that_another_implementation_produces() {
        // Made with Python's hmac after the description at the top of this file.
        assert_eq!(
            tokens().mint(LINK, EXPIRES_AT, 7).unwrap(),
            "AZLzobLDfU6PUGFyg5Sltmr9hsAHn6TDWqmKd8VGYIuXQS0aifwH"
        );
    }
}
