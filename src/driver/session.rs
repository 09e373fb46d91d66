//! The signed-in state: what a site knows its customer by. It is a secret as a whole.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::domain::Secret;

/// The signed-in state of a driver. It is only ever stored sealed: no `Debug`, no `Serialize`.
#[derive(Clone)]
pub struct Session {
    /// The cookies, as the jar writes them.
    pub(super) cookies: Secret,
    /// Names and passwords of the HTTP layer: there they *are* the session.
    pub(super) http_auth: Vec<HttpAuth>,
    /// The page the sign-in ended on.
    pub(super) url: Option<String>,
}

/// A name and a password that the HTTP layer of one origin wants with every request.
#[derive(Clone)]
pub(super) struct HttpAuth {
    pub(super) origin: String,
    pub(super) identifier: Secret,
    pub(super) password: Secret,
}

/// The plaintext inside a sealed session; only [`Session::to_bytes`] and [`Session::from_bytes`] see it.
#[derive(Serialize, Deserialize)]
struct Wire {
    version: u8,
    cookies: String,
    http_auth: Vec<(String, String, String)>,
    url: Option<String>,
}

/// Grows when the plaintext changes its form; an older session then simply has to be made anew.
const VERSION: u8 = 1;

impl Session {
    /// The bytes to be sealed.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let plain = |auth: &HttpAuth| {
            (auth.origin.clone(), auth.identifier.expose().to_owned(), auth.password.expose().to_owned())
        };
        let mut wire = Wire {
            version: VERSION,
            cookies: self.cookies.expose().to_owned(),
            http_auth: self.http_auth.iter().map(plain).collect(),
            url: self.url.clone(),
        };
        let bytes = serde_json::to_vec(&wire).unwrap_or_default();
        wire.cookies.zeroize();
        for (_, identifier, password) in &mut wire.http_auth {
            identifier.zeroize();
            password.zeroize();
        }
        Zeroizing::new(bytes)
    }

    /// Reads what [`Session::to_bytes`] wrote; `None` if it is anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let wire: Wire = serde_json::from_slice(bytes).ok().filter(|wire: &Wire| wire.version == VERSION)?;
        let auth = |(origin, identifier, password): (String, String, String)| HttpAuth {
            origin,
            identifier: Secret::new(identifier),
            password: Secret::new(password),
        };
        Some(Self {
            cookies: Secret::new(wire.cookies),
            http_auth: wire.http_auth.into_iter().map(auth).collect(),
            url: wire.url,
        })
    }
}
