//! Why a driver could not do what it was asked to.

use entity::FailureCode;

use crate::egress;

/// Why a driver could not do what it was asked to. It never holds what was typed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request did not get out, or no whole answer came back.
    #[error("the site could not be reached")]
    Exchange(#[from] egress::Error),
    /// The whole action took too long.
    #[error("the page did not settle in time")]
    Timeout,
    /// One redirect after another.
    #[error("the site redirected more than {0} times")]
    TooManyRedirects(u32),
    /// A redirect to something that is no web page.
    #[error("the site leads to an address that is not http or https")]
    NotWeb,
    /// What was typed would have left the allowed origins.
    #[error("a form with a secret would go to {0}, which is not an allowed origin")]
    OriginNotAllowed(String),
    /// A file would have come from outside of the allowed origins.
    #[error("outside of the allowed origins: {0}")]
    OutsideOrigins(String),
    /// A page came where a file was asked for.
    #[error("the site answered with a page instead of a file")]
    NoFile,
    /// A file is larger than it may be.
    #[error("the file is larger than {0} bytes")]
    TooLarge(usize),
    /// The page cannot be used without its scripts.
    #[error("the page needs its scripts: {0}")]
    NeedsScripts(&'static str),
    /// Only a browser can drive it, and there is none here.
    #[error("a browser is needed and there is none")]
    NeedsBrowser,
    /// The page has changed: what was asked for is not on it.
    #[error("there is no element {0} for this on the page")]
    NoElement(u32),
    /// What was found is not a table.
    #[error("element {0} is not a table")]
    NoTable(u32),
    /// There is no page yet.
    #[error("no page is open")]
    NoPage,
    /// Not a CSS selector.
    #[error("not a CSS selector")]
    BadSelector,
    /// The browser has gone, and this page with it.
    #[error("the browser has gone")]
    Crashed,
    /// All browsers are taken, and stayed so.
    #[error("no browser was free")]
    Capacity,
    /// The page could not be read.
    #[error("the page could not be read")]
    Unreadable,
}

impl Error {
    /// What the partner is told.
    #[must_use]
    pub const fn code(&self) -> FailureCode {
        match self {
            Self::Exchange(egress::Error::Refused(_))
            | Self::OriginNotAllowed(_)
            | Self::OutsideOrigins(_) => FailureCode::OriginNotAllowed,
            Self::Exchange(egress::Error::Certificate(_)) => FailureCode::CertificateInvalid,
            Self::Exchange(_) | Self::Timeout => FailureCode::SiteUnavailable,
            Self::TooManyRedirects(_) | Self::Unreadable => FailureCode::SiteError,
            Self::NotWeb | Self::NeedsScripts(_) | Self::NeedsBrowser => FailureCode::MethodUnsupported,
            Self::Crashed => FailureCode::EngineCrash,
            Self::Capacity => FailureCode::Capacity,
            Self::NoElement(_)
            | Self::NoTable(_)
            | Self::NoPage
            | Self::BadSelector
            | Self::NoFile
            | Self::TooLarge(_) => FailureCode::UnknownPage,
        }
    }
}
