//! The signed-in state: what a site knows its customer by. It is a secret as a whole.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::domain::Secret;

/// The signed-in state of a driver. It is only ever stored sealed: no `Debug`, no `Serialize`.
#[derive(Clone)]
pub struct Session {
    /// Who made it, and reads it: each driver writes cookies in its own way.
    pub(super) driver: entity::Driver,
    /// The cookies, as the driver writes them.
    pub(super) cookies: Secret,
    /// What sites store in a browser: some keep there what they know their customer by.
    pub(super) storage: Vec<Store>,
    /// Names and passwords of the HTTP layer: there they *are* the session.
    pub(super) http_auth: Vec<HttpAuth>,
    /// The page the sign-in ended on.
    pub(super) url: Option<String>,
}

/// One thing that an origin has stored in the browser.
#[derive(Clone)]
pub(super) struct Store {
    pub(super) origin: String,
    pub(super) place: StoredIn,
    pub(super) name: String,
    pub(super) value: Secret,
}

/// Where an origin has stored something.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredIn {
    /// `localStorage`.
    Local,
    /// `sessionStorage`, which belongs to one tab.
    Tab,
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
    /// What was made before there was a choice was made by the http driver.
    #[serde(default)]
    browser: bool,
    cookies: String,
    #[serde(default)]
    storage: Vec<(String, StoredIn, String, String)>,
    http_auth: Vec<(String, String, String)>,
    url: Option<String>,
}

/// Grows when the plaintext changes its form; an older session then simply has to be made anew.
const VERSION: u8 = 1;

impl Session {
    /// The driver that made it and that it is opened with.
    #[must_use]
    pub const fn driver(&self) -> entity::Driver {
        self.driver
    }

    /// The bytes to be sealed.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let plain = |auth: &HttpAuth| {
            (auth.origin.clone(), auth.identifier.expose().to_owned(), auth.password.expose().to_owned())
        };
        let stored = |store: &Store| {
            (store.origin.clone(), store.place, store.name.clone(), store.value.expose().to_owned())
        };
        let mut wire = Wire {
            version: VERSION,
            browser: self.driver == entity::Driver::Browser,
            cookies: self.cookies.expose().to_owned(),
            storage: self.storage.iter().map(stored).collect(),
            http_auth: self.http_auth.iter().map(plain).collect(),
            url: self.url.clone(),
        };
        let bytes = serde_json::to_vec(&wire).unwrap_or_default();
        wire.cookies.zeroize();
        for (_, identifier, password) in &mut wire.http_auth {
            identifier.zeroize();
            password.zeroize();
        }
        wire.storage.iter_mut().for_each(|(.., value)| value.zeroize());
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
        let store = |(origin, place, name, value): (String, StoredIn, String, String)| Store {
            origin,
            place,
            name,
            value: Secret::new(value),
        };
        Some(Self {
            driver: if wire.browser { entity::Driver::Browser } else { entity::Driver::Http },
            cookies: Secret::new(wire.cookies),
            storage: wire.storage.into_iter().map(store).collect(),
            http_auth: wire.http_auth.into_iter().map(auth).collect(),
            url: wire.url,
        })
    }
}
