//! How a delivery is signed. A new scheme is one file beside this one and one line in [`of`].

mod standard_v1;
mod standard_v1a;
mod timestamped_hex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entity::SignatureScheme;
use rand::RngExt;
use zeroize::Zeroizing;

use crate::domain::Secret;

/// What is signed.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// The event's id, the same in every attempt.
    pub id: &'a str,
    /// When this attempt is made, in seconds since 1970.
    pub timestamp: i64,
    /// The body, as it is sent.
    pub body: &'a [u8],
}

/// The text is not a secret of this scheme; says what one looks like, never what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {0}")]
pub struct BadSecret(pub(super) &'static str);

/// A way to sign.
pub trait Scheme: Send + Sync {
    /// Makes a fresh secret.
    fn generate(&self) -> Secret;

    /// Readies the live secrets of an endpoint, newest first, for any number of signatures.
    ///
    /// # Errors
    /// [`BadSecret`] if one of them is not of this scheme.
    fn signer(&self, secrets: &[Secret]) -> Result<Box<dyn Signer>, BadSecret>;

    /// What a receiver needs to verify, where that is not the secret itself.
    ///
    /// # Errors
    /// [`BadSecret`] if it is not of this scheme.
    fn public_key(&self, _secret: &Secret) -> Result<Option<String>, BadSecret> {
        Ok(None)
    }
}

/// Secrets that are ready to sign. Has no `Debug`.
pub trait Signer: Send + Sync {
    /// The header that carries the signature, in lower case.
    fn header(&self) -> &'static str;

    /// The header's value: one signature per live secret, newest first.
    fn sign(&self, message: Message<'_>) -> String;
}

/// The scheme that an endpoint's row names.
#[must_use]
pub fn of(name: SignatureScheme) -> &'static dyn Scheme {
    match name {
        SignatureScheme::StandardV1 => &standard_v1::StandardV1,
        SignatureScheme::StandardV1a => &standard_v1a::StandardV1a,
        SignatureScheme::TimestampedHex => &timestamped_hex::TimestampedHex,
    }
}

/// What Standard Webhooks sign: `{id}.{timestamp}.`, followed by the body.
fn standard_prefix(message: Message<'_>) -> String {
    format!("{}.{}.", message.id, message.timestamp)
}

/// The shape of a symmetric secret, shared by the schemes that use HMAC.
const SYMMETRIC: BadSecret = BadSecret("`whsec_` followed by base64 of 24 to 64 bytes");

/// 32 fresh bytes in the shape of a symmetric secret.
fn generate_symmetric() -> Secret {
    let bytes = Zeroizing::new(rand::rng().random::<[u8; 32]>());
    Secret::new(format!("whsec_{}", *Zeroizing::new(STANDARD.encode(*bytes))))
}

/// The bytes of a symmetric secret.
fn symmetric(secret: &Secret) -> Result<Zeroizing<Vec<u8>>, BadSecret> {
    let bytes = decode(secret, "whsec_").ok_or(SYMMETRIC)?;
    if (24..=64).contains(&bytes.len()) { Ok(bytes) } else { Err(SYMMETRIC) }
}

fn decode(secret: &Secret, prefix: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text = secret.expose().strip_prefix(prefix)?;
    STANDARD.decode(text).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const BODY: &str = r#"{"type":"link.completed","data":{"name":"Zoë"}}"#;
    pub(super) const MESSAGE: Message<'static> = Message {
        id: "evt_0192f3a1b2c37d4e8f5061728394a5b6",
        timestamp: 1_795_341_600,
        body: BODY.as_bytes(),
    };

    pub(super) fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn every_scheme_signs_with_the_secrets_it_makes_the_newest_first() {
        for name in SignatureScheme::ALL {
            let scheme = of(*name);
            let (new, old) = (scheme.generate(), scheme.generate());
            let sign = |secrets: &[Secret]| scheme.signer(secrets).unwrap().sign(MESSAGE);

            let both = sign(&[new.clone(), old.clone()]);
            let (new, old) = (sign(&[new]), sign(&[old]));

            let without_time = |text: &str| text.trim_start_matches("t=1795341600,").to_owned();
            assert!(both.starts_with(&new) && both.ends_with(&without_time(&old)), "{name:?}: {both}");
            assert_ne!(new, old);
        }
    }

    #[test]
    fn every_scheme_signs_id_or_time_and_body() {
        for name in SignatureScheme::ALL {
            let scheme = of(*name);
            let signer = scheme.signer(&[scheme.generate()]).unwrap();
            let value = signer.sign(MESSAGE);

            assert_ne!(value, signer.sign(Message { timestamp: 1_795_341_601, ..MESSAGE }), "{name:?}");
            assert_ne!(value, signer.sign(Message { body: b"{}", ..MESSAGE }), "{name:?}");
        }
    }

    #[test]
    fn a_secret_of_another_shape_is_refused_without_being_repeated() {
        let refused = [
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            "whsec_not base64 at all !!!!!!!!!!!!!!!!!!",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw=",
        ];
        for text in refused {
            for name in SignatureScheme::ALL {
                let error = of(*name).signer(&[secret(text)]).err().unwrap();
                assert!(error.to_string().starts_with("must be `wh"), "{name:?} {text}");
            }
        }
        let long = format!("whsec_{}", STANDARD.encode([0; 65]));
        assert!(of(SignatureScheme::StandardV1).signer(&[secret(&long)]).is_err());
    }
}
