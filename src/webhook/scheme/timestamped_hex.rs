//! `Postern-Signature: t=<seconds>,v1=<hex>`: HMAC-SHA256 over `{t}.{body}`, in the style of older services.
//!
//! The key is the secret's text as it stands, prefix included: that is what their verifiers expect.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{BadSecret, Message, SYMMETRIC, Scheme, Signer, generate_symmetric, symmetric};
use crate::domain::Secret;

/// For receivers that already verify signatures of this style.
pub(super) struct TimestampedHex;

struct Keys(Vec<Hmac<Sha256>>);

impl Scheme for TimestampedHex {
    fn generate(&self) -> Secret {
        generate_symmetric()
    }

    fn signer(&self, secrets: &[Secret]) -> Result<Box<dyn Signer>, BadSecret> {
        let keyed = |secret: &Secret| {
            symmetric(secret)?;
            Hmac::new_from_slice(secret.expose().as_bytes()).map_err(|_| SYMMETRIC)
        };
        Ok(Box::new(Keys(secrets.iter().map(keyed).collect::<Result<_, _>>()?)))
    }
}

impl Signer for Keys {
    fn header(&self) -> &'static str {
        "postern-signature"
    }

    fn sign(&self, message: Message<'_>) -> String {
        let prefix = format!("{}.", message.timestamp);
        let mut value = format!("t={}", message.timestamp);
        for key in &self.0 {
            let mac = key.clone().chain_update(&prefix).chain_update(message.body);
            value.push_str(",v1=");
            for byte in mac.finalize().into_bytes() {
                // Writing to a string cannot fail.
                let _ = write!(value, "{byte:02x}");
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{MESSAGE, secret};
    use super::*;

    #[test]
    fn the_signature_is_the_one_that_another_implementation_produces() {
        // Made with Python's hmac.
        let text = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

        let signed = TimestampedHex.signer(&[secret(text)]).unwrap().sign(MESSAGE);

        assert_eq!(
            signed,
            "t=1795341600,v1=440dda71182572ace8968d4755c665f2f0348b152c4b57008247798b02627ce5"
        );
    }
}
