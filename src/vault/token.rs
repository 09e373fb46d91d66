//! The token in a link's URL: who made it can be checked without a database.
//!
//! `link id (16) | expiry, seconds since 1970 (4) | master key id (1) | HMAC-SHA256, first 18 bytes`,
//! in base64url without padding: 52 characters, every one of which counts.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::{LinkId, Timestamp};
use hmac::Mac;
use uuid::Uuid;

use super::master::HmacSha256;
use super::{Error, MasterKeys};

const PURPOSE: &str = "postern link token v1";
const SIGNED: usize = 16 + 4 + 1;
/// 144 bits: far beyond guessing online, and the whole token is a multiple of three bytes.
const MAC: usize = 18;
const LENGTH: usize = (SIGNED + MAC) / 3 * 4;

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

/// Makes and reads the tokens of links. Clones share the keys.
#[derive(Clone)]
pub struct Tokens {
    current: u8,
    keys: Arc<[(u8, HmacSha256)]>,
}

impl Tokens {
    /// Tokens signed with keys that come from `keys`.
    #[must_use]
    pub fn new(keys: &MasterKeys) -> Self {
        Self { current: keys.current(), keys: keys.derive(PURPOSE).into() }
    }

    /// The key for new links; stored with the link, so that its URL stays the same.
    #[must_use]
    pub const fn current_key(&self) -> u8 {
        self.current
    }

    /// The token of a link, always the same for the same three values.
    ///
    /// # Errors
    /// [`Error::UnknownKey`] if the operator has taken that master key away.
    pub fn mint(&self, link: LinkId, expires_at: Timestamp, key: u8) -> Result<String, Error> {
        let mac = self.mac(key).ok_or(Error::UnknownKey(key))?;
        // Four bytes last until 2106.
        let seconds = u32::try_from(expires_at.seconds().max(0)).unwrap_or(u32::MAX);
        let mut bytes = [0; SIGNED + MAC];
        let (signed, tag) = bytes.split_at_mut(SIGNED);
        signed[..16].copy_from_slice(link.0.as_bytes());
        signed[16..20].copy_from_slice(&seconds.to_be_bytes());
        signed[20] = key;
        tag.copy_from_slice(&mac.chain_update(&*signed).finalize().into_bytes()[..MAC]);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a token from a URL, in constant time as far as the signature goes.
    ///
    /// # Errors
    /// [`Forged`] for everything that [`Tokens::mint`] did not write, letter by letter.
    pub fn read(&self, text: &str) -> Result<Token, Forged> {
        if text.len() != LENGTH {
            return Err(Forged);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Forged)?;
        let (signed, tag) = bytes.split_at_checked(SIGNED).ok_or(Forged)?;
        let (link, rest) = signed.split_first_chunk().ok_or(Forged)?;
        let (seconds, key) = rest.split_first_chunk().ok_or(Forged)?;
        let key = *key.first().ok_or(Forged)?;
        let mac = self.mac(key).ok_or(Forged)?.chain_update(signed);
        mac.verify_truncated_left(tag).map_err(|_| Forged)?;
        let expires_at = Timestamp(i64::from(u32::from_be_bytes(*seconds)) * 1000);
        Ok(Token { link: LinkId(Uuid::from_bytes(*link)), expires_at, key })
    }

    fn mac(&self, key: u8) -> Option<HmacSha256> {
        self.keys.iter().find(|(id, _)| *id == key).map(|(_, mac)| mac.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::master::tests::{TWO, keys};
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
    fn the_token_is_the_one_that_another_implementation_produces() {
        // Made with Python's hmac after the description at the top of this file.
        assert_eq!(
            tokens().mint(LINK, EXPIRES_AT, 7).unwrap(),
            "AZLzobLDfU6PUGFyg5Sltmr9hsAHn6TDWqmKd8VGYIuXQS0aifwH"
        );
    }
}
