//! An id and an expiry that were signed: who made them can be checked without a database.
//!
//! `id (16) | expiry, seconds since 1970 (4) | master key id (1) | HMAC-SHA256, first 18 bytes`, in
//! base64url without padding: 52 characters, every one of which counts. What is signed for one purpose is
//! forged for any other.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::Timestamp;
use hmac::Mac;
use uuid::Uuid;

use super::master::HmacSha256;
use super::{Error, Forged, MasterKeys};

const SIGNED: usize = 16 + 4 + 1;
/// 144 bits: far beyond guessing online, and the whole is a multiple of three bytes.
const MAC: usize = 18;
/// Characters of the text.
pub(super) const LENGTH: usize = (SIGNED + MAC) / 3 * 4;

/// What an authentic text says.
pub(super) struct Said {
    pub(super) id: Uuid,
    pub(super) expires_at: Timestamp,
    pub(super) key: u8,
}

/// The keys of one purpose. Clones share them.
#[derive(Clone)]
pub(super) struct Signer {
    current: u8,
    keys: Arc<[(u8, HmacSha256)]>,
}

impl Signer {
    pub(super) fn new(keys: &MasterKeys, purpose: &str) -> Self {
        Self { current: keys.current(), keys: keys.derive(purpose).into() }
    }

    /// The key for what is new.
    pub(super) const fn current(&self) -> u8 {
        self.current
    }

    /// Always the same for the same three values.
    pub(super) fn mint(&self, id: Uuid, expires_at: Timestamp, key: u8) -> Result<String, Error> {
        let mac = self.mac(key).ok_or(Error::UnknownKey(key))?;
        // Four bytes last until 2106.
        let seconds = u32::try_from(expires_at.seconds().max(0)).unwrap_or(u32::MAX);
        let mut bytes = [0; SIGNED + MAC];
        let (signed, tag) = bytes.split_at_mut(SIGNED);
        signed[..16].copy_from_slice(id.as_bytes());
        signed[16..20].copy_from_slice(&seconds.to_be_bytes());
        signed[20] = key;
        tag.copy_from_slice(&mac.chain_update(&*signed).finalize().into_bytes()[..MAC]);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// In constant time as far as the signature goes.
    pub(super) fn read(&self, text: &str) -> Result<Said, Forged> {
        if text.len() != LENGTH {
            return Err(Forged);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Forged)?;
        let (signed, tag) = bytes.split_at_checked(SIGNED).ok_or(Forged)?;
        let (id, rest) = signed.split_first_chunk().ok_or(Forged)?;
        let (seconds, key) = rest.split_first_chunk().ok_or(Forged)?;
        let key = *key.first().ok_or(Forged)?;
        let mac = self.mac(key).ok_or(Forged)?.chain_update(signed);
        mac.verify_truncated_left(tag).map_err(|_| Forged)?;
        let expires_at = Timestamp(i64::from(u32::from_be_bytes(*seconds)) * 1000);
        Ok(Said { id: Uuid::from_bytes(*id), expires_at, key })
    }

    fn mac(&self, key: u8) -> Option<HmacSha256> {
        self.keys.iter().find(|(id, _)| *id == key).map(|(_, mac)| mac.clone())
    }
}
