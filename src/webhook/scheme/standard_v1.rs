//! Standard Webhooks `v1`: HMAC-SHA256 over id, timestamp and body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{BadSecret, Message, SYMMETRIC, Scheme, Signer, generate_symmetric, standard_prefix, symmetric};
use crate::domain::Secret;

/// The default scheme.
pub(super) struct StandardV1;

struct Keys(Vec<Hmac<Sha256>>);

impl Scheme for StandardV1 {
    fn generate(&self) -> Secret {
        generate_symmetric()
    }

    fn signer(&self, secrets: &[Secret]) -> Result<Box<dyn Signer>, BadSecret> {
        let keyed = |secret| Hmac::new_from_slice(&symmetric(secret)?).map_err(|_| SYMMETRIC);
        Ok(Box::new(Keys(secrets.iter().map(keyed).collect::<Result<_, _>>()?)))
    }
}

impl Signer for Keys {
    fn header(&self) -> &'static str {
        "webhook-signature"
    }

    fn sign(&self, message: Message<'_>) -> String {
        let prefix = standard_prefix(message);
        let signatures = self.0.iter().map(|key| {
            let mac = key.clone().chain_update(&prefix).chain_update(message.body);
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        });
        signatures.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{BODY, MESSAGE, secret};
    use super::*;

    const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn the_signature_is_the_one_that_another_implementation_produces() {
        // Made with Python's hmac.
        let signed = StandardV1.signer(&[secret(SECRET)]).unwrap().sign(MESSAGE);

        assert_eq!(signed, "v1,bY42Y80XT6m/Ea7frS+/B94KgKERmH6ngDWDXcGJzog=");
    }

    #[test]
    fn the_published_library_signs_alike_with_every_allowed_length_of_secret() {
        for length in [24, 32, 47, 64] {
            let text = format!("whsec_{}", STANDARD.encode(vec![7; length]));
            let theirs = standardwebhooks::Webhook::new(&text).unwrap();

            let ours = StandardV1.signer(&[secret(&text)]).unwrap().sign(MESSAGE);

            assert_eq!(ours, theirs.sign(MESSAGE.id, MESSAGE.timestamp, BODY.as_bytes()).unwrap());
        }
    }
}
