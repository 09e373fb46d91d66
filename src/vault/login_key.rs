//! The key pair of one login: answers are sealed to it on the page and opened by the engine only.
//!
//! HPKE (RFC 9180), base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM: what WebCrypto has
//! in every browser. The sealed answer is the encapsulated key (65 bytes) followed by the ciphertext.
//! Info is [`INFO`]; the associated data is the login's id, `#` and the prompt's number in decimal.

use entity::LoginId;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::DhP256HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use zeroize::Zeroizing;

use super::Error;

/// HPKE's info string; the page's script uses the same.
pub const INFO: &str = "postern answer v1";
/// An uncompressed point of P-256, as HPKE writes public and encapsulated keys.
const POINT: usize = 65;

/// Which prompt of which login an answer is for; it opens for no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The login.
    pub login: LoginId,
    /// The prompt's number.
    pub prompt: i32,
}

impl Place {
    /// The associated data, as the page's script must write it too.
    #[must_use]
    pub fn to_aad(self) -> String {
        format!("{}#{}", self.login, self.prompt)
    }
}

/// A key pair whose private half lives only here and clears its memory.
pub struct LoginKey {
    private: <DhP256HkdfSha256 as Kem>::PrivateKey,
    public: Vec<u8>,
}

impl LoginKey {
    /// Makes a fresh pair.
    #[must_use]
    pub fn generate() -> Self {
        let (private, public) = DhP256HkdfSha256::gen_keypair();
        Self { private, public: public.to_bytes().to_vec() }
    }

    /// The public half: an uncompressed point of P-256, which WebCrypto imports as `raw`.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        self.public.clone()
    }

    /// Opens an answer that was sealed to this key for `place`.
    ///
    /// # Errors
    /// [`Error::Broken`] for anything else.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (point, text) = sealed.split_at_checked(POINT).ok_or(Error::Broken)?;
        let point = <DhP256HkdfSha256 as Kem>::EncappedKey::from_bytes(point).map_err(|_| Error::Broken)?;
        let opened = hpke::single_shot_open::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
            &OpModeR::Base,
            &self.private,
            &point,
            INFO.as_bytes(),
            text,
            place.to_aad().as_bytes(),
        );
        opened.map(Zeroizing::new).map_err(|_| Error::Broken)
    }
}

/// Seals an answer to a login's public key, as the page's server does when scripts are off.
///
/// # Errors
/// [`Error::NotAKey`] if the key cannot be read.
pub fn seal_answer(public_key: &[u8], place: Place, answer: &[u8]) -> Result<Vec<u8>, Error> {
    let public_key =
        <DhP256HkdfSha256 as Kem>::PublicKey::from_bytes(public_key).map_err(|_| Error::NotAKey)?;
    let (point, text) = hpke::single_shot_seal::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
        &OpModeS::Base,
        &public_key,
        INFO.as_bytes(),
        answer,
        place.to_aad().as_bytes(),
    )
    .map_err(|_| Error::NotAKey)?;
    Ok([&point.to_bytes()[..], &text].concat())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use uuid::Uuid;

    use super::*;

    const PLACE: Place = Place { login: LoginId(Uuid::from_u128(0x0192_f3a1)), prompt: 2 };

    #[test]
    fn an_answer_sealed_to_the_public_key_opens_with_the_private_one() {
        let key = LoginKey::generate();
        for answer in [&b""[..], b"correct horse", &[0; 10_000]] {
            let sealed = seal_answer(&key.public_key(), PLACE, answer).unwrap();
            assert_eq!(key.open(PLACE, &sealed).unwrap().as_slice(), answer);
        }
    }

    #[test]
    fn an_answer_opens_for_no_other_login_prompt_or_key() {
        let key = LoginKey::generate();
        let sealed = seal_answer(&key.public_key(), PLACE, b"answer").unwrap();

        assert!(key.open(Place { prompt: 3, ..PLACE }, &sealed).is_err());
        assert!(key.open(Place { login: LoginId(Uuid::from_u128(1)), ..PLACE }, &sealed).is_err());
        assert!(LoginKey::generate().open(PLACE, &sealed).is_err());
    }

    #[test]
    fn one_changed_bit_anywhere_keeps_an_answer_shut() {
        let key = LoginKey::generate();
        let sealed = seal_answer(&key.public_key(), PLACE, b"answer").unwrap();
        for place in 0..sealed.len() {
            let mut tampered = sealed.clone();
            tampered[place] ^= 1;
            assert_eq!(key.open(PLACE, &tampered).err(), Some(Error::Broken), "byte {place}");
        }
        for length in 0..sealed.len() {
            assert_eq!(key.open(PLACE, &sealed[..length]).err(), Some(Error::Broken), "length {length}");
        }
    }

    #[test]
    fn bytes_that_are_no_point_of_the_curve_are_not_a_key() {
        let mut off_curve = LoginKey::generate().public_key();
        off_curve[40] ^= 1;
        for bytes in [&[][..], &[4; 64], &[0; POINT], &off_curve] {
            assert_eq!(seal_answer(bytes, PLACE, b"x"), Err(Error::NotAKey));
        }
    }

    #[test]
    fn an_answer_that_webcrypto_sealed_opens() {
        // Made in a script with WebCrypto alone (ECDH, HMAC as HKDF, AES-GCM), as the page will do it.
        const PRIVATE: &str = "AoUm49tKgFG4G2JsQnTgKZPdSFLsrSYfK8rKi0egJ8E=";
        const SEALED: &str = "BJdQ0GfkiBCLs9jhcXlCC3tTwmC3tUQkL3rSQTYmXLDn4qMS3fHevatamnXEDC9shmqqdExT4ma4jjeGmFBFfm9SzZ7DWmqzJn/ODAJ6NtqUC253RVOWngHPTNRyNYztaUV0qbpDfjhfQgK4zFVIf14qgixGuZPiTRJsvXkacAzQvt+sqhWiuzR8vQ==";
        let bytes = STANDARD.decode(PRIVATE).unwrap();
        let private = <DhP256HkdfSha256 as Kem>::PrivateKey::from_bytes(&bytes).unwrap();
        let key = LoginKey { private, public: Vec::new() };

        let opened = key.open(PLACE, &STANDARD.decode(SEALED).unwrap()).unwrap();

        assert_eq!(opened.as_slice(), br#"{"action":"submit","values":{"f1":"geheim"},"choice":null}"#);
    }
}
