//! Standard Webhooks `v1a`: ed25519 over id, timestamp and body; receivers hold only the public key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::ed25519::signature::MultipartSigner;
use rand::RngExt;
use zeroize::Zeroizing;

use super::{BadSecret, Message, Scheme, Signer, decode, standard_prefix};
use crate::domain::Secret;

const SHAPE: BadSecret = BadSecret("`whsk_` followed by base64 of a 64-byte ed25519 key pair");

/// The asymmetric scheme.
pub(super) struct StandardV1a;

struct Keys(Vec<SigningKey>);

impl Scheme for StandardV1a {
    fn generate(&self) -> Secret {
        let seed = Zeroizing::new(rand::rng().random::<[u8; 32]>());
        let pair = Zeroizing::new(SigningKey::from_bytes(&seed).to_keypair_bytes());
        Secret::new(format!("whsk_{}", *Zeroizing::new(STANDARD.encode(*pair))))
    }

    fn signer(&self, secrets: &[Secret]) -> Result<Box<dyn Signer>, BadSecret> {
        Ok(Box::new(Keys(secrets.iter().map(key).collect::<Result<_, _>>()?)))
    }

    fn public_key(&self, secret: &Secret) -> Result<Option<String>, BadSecret> {
        let public = key(secret)?.verifying_key().to_bytes();
        Ok(Some(format!("whpk_{}", STANDARD.encode(public))))
    }
}

impl Signer for Keys {
    fn header(&self) -> &'static str {
        "webhook-signature"
    }

    fn sign(&self, message: Message<'_>) -> String {
        let prefix = standard_prefix(message);
        let signatures = self.0.iter().map(|key| {
            let signature = key.multipart_sign(&[prefix.as_bytes(), message.body]);
            format!("v1a,{}", STANDARD.encode(signature.to_bytes()))
        });
        signatures.collect::<Vec<_>>().join(" ")
    }
}

/// Seed and public key; refused if the two do not belong together.
fn key(secret: &Secret) -> Result<SigningKey, BadSecret> {
    let bytes = decode(secret, "whsk_").ok_or(SHAPE)?;
    let pair = bytes.as_slice().try_into().map_err(|_| SHAPE)?;
    SigningKey::from_keypair_bytes(pair).map_err(|_| SHAPE)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{MESSAGE, secret};
    use super::*;

    const SECRET: &str =
        "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8DoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuA==";

    #[test]
    fn signature_and_public_key_are_those_that_another_implementation_produces() {
        // Made with Python's cryptography.
        let signed = StandardV1a.signer(&[secret(SECRET)]).unwrap().sign(MESSAGE);
        let public = StandardV1a.public_key(&secret(SECRET)).unwrap();

        assert_eq!(public.unwrap(), "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=");
        assert_eq!(
            signed,
            "v1a,XyGytP0fARgayqWKZE4LdXOTCkcbP0TMPSBl3U+uDpAk4eXuQExgKEa99zXE0xhsZdaXMZ2IiUvBDfvPHe0AAA=="
        );
    }

    #[test]
    fn a_seed_with_another_public_key_is_refused() {
        let mut pair = STANDARD.decode(SECRET.trim_start_matches("whsk_")).unwrap();
        pair[0] ^= 1;
        let mixed = secret(&format!("whsk_{}", STANDARD.encode(pair)));

        assert_eq!(StandardV1a.signer(&[mixed]).err(), Some(SHAPE));
    }
}
