//! Records at rest: envelope encryption with XChaCha20-Poly1305.
//!
//! Each sealed value has a data key of its own, wrapped by a key derived from a master key. Both layers
//! are bound to workspace, record and field, so a value that is moved elsewhere does not open. To
//! delete the bytes is to erase what they hold: the data key is nowhere else.
//!
//! `version (1) | master key id (1) | nonce (24) | wrapped data key (32 + 16) | nonce (24) | text + 16`

use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use entity::WorkspaceId;
use rand::RngExt;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::tag::Tagger;
use super::{Error, MasterKeys};

const VERSION: u8 = 1;
const NONCE: usize = 24;
const KEY: usize = 32;
const TAG: usize = 16;
/// Where the sealed text begins: after header, nonce, wrapped key and nonce.
const TEXT: usize = 2 + NONCE + KEY + TAG + NONCE;

const PURPOSE: &str = "postern vault wrap v1";
/// What a layer is for; of one length, so that the associated data is unambiguous.
const WRAP: &[u8; 4] = b"wrap";
const BODY: &[u8; 4] = b"body";

/// What a sealed value belongs to; it opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The tenant.
    pub workspace: WorkspaceId,
    /// The id of the row.
    pub record: Uuid,
    /// The name of the column or the purpose; a constant.
    pub field: &'static str,
}

/// Seals what is kept. Clones share the keys.
#[derive(Clone)]
pub struct Vault {
    wrapping: Arc<[(u8, XChaCha20Poly1305)]>,
    pub(super) tagger: Tagger,
}

impl Vault {
    /// A vault whose keys come from `keys`.
    #[must_use]
    pub fn new(keys: &MasterKeys) -> Self {
        let wrapping = keys.subkeys(PURPOSE).map(|(id, key)| (id, cipher(&key))).collect();
        Self { wrapping, tagger: Tagger::new(keys) }
    }

    /// Seals `plaintext` for the place that `binding` names.
    ///
    /// # Errors
    /// [`Error::Broken`] if the text is longer than the cipher takes (256 GiB).
    pub fn seal(&self, binding: Binding, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        let mut rng = rand::rng();
        let data_key = Zeroizing::new(rng.random::<[u8; KEY]>());
        self.seal_with(binding, plaintext, &Fresh { data_key, nonces: [rng.random(), rng.random()] })
    }

    /// Opens what was sealed for the same place.
    ///
    /// # Errors
    /// [`Error::UnknownKey`] if its master key was not given, [`Error::Broken`] for anything else.
    pub fn open(&self, binding: Binding, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (envelope, text) = sealed.split_at_checked(TEXT).ok_or(Error::Broken)?;
        let (&[version, id], rest) = envelope.split_first_chunk().ok_or(Error::Broken)?;
        let (wrap_nonce, rest) = rest.split_first_chunk().ok_or(Error::Broken)?;
        let (wrapped, nonce) = rest.split_last_chunk().ok_or(Error::Broken)?;
        if version != VERSION {
            return Err(Error::Broken);
        }
        let (_, wrapping) =
            self.wrapping.iter().find(|(other, _)| *other == id).ok_or(Error::UnknownKey(id))?;
        let data_key = open(wrapping, wrap_nonce, wrapped, &about(*WRAP, id, binding))?;
        let data_key = data_key.as_slice().try_into().map_err(|_| Error::Broken)?;
        open(&cipher(data_key), nonce, text, &about(*BODY, 0, binding))
    }

    fn seal_with(&self, binding: Binding, plaintext: &[u8], fresh: &Fresh) -> Result<Vec<u8>, Error> {
        let (id, wrapping) = self.wrapping.first().ok_or(Error::Broken)?;
        let [wrap_nonce, nonce] = &fresh.nonces;
        let wrapped = seal(wrapping, wrap_nonce, &*fresh.data_key, &about(*WRAP, *id, binding))?;
        let text = seal(&cipher(&fresh.data_key), nonce, plaintext, &about(*BODY, 0, binding))?;
        Ok([&[VERSION, *id], &wrap_nonce[..], &wrapped, nonce, &text].concat())
    }
}

/// What is drawn anew for each value.
struct Fresh {
    data_key: Zeroizing<[u8; KEY]>,
    nonces: [[u8; NONCE]; 2],
}

/// The associated data of one layer. The body's leaves the master key's id out (0), so that a rotation
/// only has to wrap the data key again.
fn about(layer: [u8; 4], id: u8, binding: Binding) -> Vec<u8> {
    let Binding { workspace, record, field } = binding;
    [&layer, &[VERSION, id][..], workspace.0.as_bytes(), record.as_bytes(), field.as_bytes()].concat()
}

fn cipher(key: &[u8; KEY]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(<&Key>::from(key))
}

fn seal(with: &XChaCha20Poly1305, nonce: &[u8; NONCE], msg: &[u8], aad: &[u8]) -> Result<Vec<u8>, Error> {
    with.encrypt(<&XNonce>::from(nonce), Payload { msg, aad }).map_err(|_| Error::Broken)
}

fn open(
    with: &XChaCha20Poly1305,
    nonce: &[u8; NONCE],
    msg: &[u8],
    aad: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    with.decrypt(<&XNonce>::from(nonce), Payload { msg, aad }).map(Zeroizing::new).map_err(|_| Error::Broken)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::super::master::tests::{TWO, keys};
    use super::*;

    const BINDING: Binding =
        Binding { workspace: WorkspaceId(Uuid::from_u128(1)), record: Uuid::from_u128(2), field: "secret" };

    fn vault(text: &str) -> Vault {
        Vault::new(&keys(text))
    }

    #[test]
    fn what_is_sealed_opens_again_and_never_looks_the_same_twice() {
        let vault = vault(TWO);
        for text in [&b""[..], b"x", &[7; 10_000]] {
            let sealed = vault.seal(BINDING, text).unwrap();
            assert_eq!(vault.open(BINDING, &sealed).unwrap().as_slice(), text);
            assert_eq!(sealed.len(), TEXT + text.len() + TAG);
            assert_ne!(sealed, vault.seal(BINDING, text).unwrap());
        }
    }

    #[test]
    fn a_value_opens_only_where_it_belongs() {
        let vault = vault(TWO);
        let sealed = vault.seal(BINDING, b"text").unwrap();
        let elsewhere = [
            Binding { workspace: WorkspaceId(Uuid::from_u128(3)), ..BINDING },
            Binding { record: Uuid::from_u128(3), ..BINDING },
            Binding { field: "secrets", ..BINDING },
            Binding { field: "", ..BINDING },
        ];
        for binding in elsewhere {
            assert_eq!(vault.open(binding, &sealed).err(), Some(Error::Broken));
        }
    }

    #[test]
    fn one_changed_bit_anywhere_keeps_a_value_shut() {
        let vault = vault(TWO);
        let sealed = vault.seal(BINDING, b"text").unwrap();
        for place in 0..sealed.len() {
            let mut tampered = sealed.clone();
            tampered[place] ^= 1;
            assert!(vault.open(BINDING, &tampered).is_err(), "byte {place}");
        }
        for length in 0..sealed.len() {
            assert!(vault.open(BINDING, &sealed[..length]).is_err(), "length {length}");
        }
    }

    #[test]
    fn the_id_cannot_be_exchanged_for_another_known_one() {
        let same_key_twice = format!("7:{0}\n3:{0}", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        let vault = vault(&same_key_twice);
        let mut sealed = vault.seal(BINDING, b"text").unwrap();
        sealed[1] = 3;

        assert_eq!(vault.open(BINDING, &sealed).err(), Some(Error::Broken));
    }

    #[test]
    fn after_a_rotation_the_old_opens_and_the_new_is_sealed_with_the_new_key() {
        let (new, old) = TWO.split_once('\n').unwrap();
        let sealed = vault(old).seal(BINDING, b"text").unwrap();

        assert_eq!(vault(TWO).open(BINDING, &sealed).unwrap().as_slice(), b"text");
        assert_eq!(vault(TWO).seal(BINDING, b"text").unwrap()[1], 7);
        assert_eq!(vault(new).open(BINDING, &sealed).err(), Some(Error::UnknownKey(3)));
    }

    #[test]
    fn the_format_is_the_one_that_another_implementation_produces() {
        // Made with libsodium (PyNaCl) and Python's hmac after the description at the top of this file.
        const EXPECTED: &str = "AQciIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIUQ1KIRJ2Ffn24ySw0FpRUZY/MJSuvXJR5ChHB0IJPycT5LYRWkQwkiAsQNEQ+1mszMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzPbhAPsAB8iNaBmCrdHKcIPx0ewqA2j";
        let fresh = Fresh { data_key: Zeroizing::new([0x11; KEY]), nonces: [[0x22; NONCE], [0x33; NONCE]] };

        let sealed = vault(TWO).seal_with(BINDING, b"a text", &fresh).unwrap();

        assert_eq!(STANDARD.encode(sealed), EXPECTED);
    }
}
