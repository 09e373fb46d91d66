//! Makes a connection to a broker that ends when it breaks.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

use async_nats::connection::State;
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerError};
use tokio::sync::watch;

use super::settings::{Login, Settings};
use super::{Error, cause};

/// Nobody is ever there.
const NOWHERE: &str = "nats://0.0.0.0:0";

/// Why there is no connection: the whole cause, for the operator's log.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
    /// The file with the credentials.
    #[error("the credentials file {0}")]
    Credentials(PathBuf, #[source] io::Error),
    /// The way there, or the broker's welcome.
    #[error("the broker")]
    Broker(#[from] async_nats::ConnectError),
    /// It broke before it was used.
    #[error("the connection broke at once")]
    Broke(#[from] async_nats::client::SetServerPoolError),
}

impl DialError {
    /// As much of it as partners may know, whose endpoint it is and whose broker it is not.
    pub(super) fn told(&self) -> Error {
        let error = match self {
            Self::Credentials(..) => {
                return Error::Connect("the operator's credentials are not there".to_owned());
            }
            Self::Broke(_) => return Error::Broken,
            Self::Broker(error) => error,
        };
        if let Some(tls) = cause::tls_in(error) {
            return Error::Tls(tls.words());
        }
        match error.kind() {
            ConnectErrorKind::TimedOut => Error::Timeout,
            ConnectErrorKind::Tls => Error::Tls(innermost(error)),
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                Error::Connect("the broker does not take the operator's credentials".to_owned())
            }
            ConnectErrorKind::Dns => Error::Connect("the broker's name does not resolve".to_owned()),
            _ => Error::Connect(innermost(error)),
        }
    }
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    cause::causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

/// A connection that was made, and what the broker complained of since.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) client: Client,
    complaints: watch::Receiver<String>,
}

impl Live {
    pub(super) fn is_up(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Returns when the broker says that we may not publish to `subject`, or not hear its answer: it does
    /// so beside the publish, to which no answer comes then.
    pub(super) async fn forbids(&mut self, subject: &str) -> String {
        let publish = format!("for Publish to \"{subject}\"");
        let is_ours = |told: &String| told.contains(&publish) || told.contains("for Subscription to");
        let complaint = self.complaints.wait_for(is_ours).await.map(|told| told.clone());
        match complaint {
            Ok(complaint) => complaint,
            // The connection has ended: whoever waits for the answer hears of that as well.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Makes a connection. It is never made again by itself: the library would keep what is published while the
/// broker is away and send it when it is back, long after it was reported as failed. With nowhere to go
/// back to, it ends when it breaks, and everybody who waits on it hears of it at once.
pub(super) async fn dial(settings: &Settings) -> Result<Live, DialError> {
    let (tell, complaints) = watch::channel(String::new());
    let options = login(&settings.login).await?.event_callback(move |event| {
        if let Event::ServerError(ServerError::Other(complaint)) = event {
            tell.send_replace(complaint);
        }
        std::future::ready(())
    });
    let servers: Vec<_> = settings.servers.iter().map(|server| server.0.clone()).collect();
    let options = settings.ca.iter().cloned().fold(options, ConnectOptions::add_root_certificates);
    let client = options
        .name(concat!("Postern/", env!("CARGO_PKG_VERSION")))
        // Each server gets one try, and those that the broker tells of are not the operator's word.
        .max_reconnects(settings.servers.len())
        .ignore_discovered_servers()
        .request_timeout(None)
        .connect(servers)
        .await?;
    client.set_server_pool(NOWHERE).await?;
    Ok(Live { client, complaints })
}

async fn login(login: &Login) -> Result<ConnectOptions, DialError> {
    let options = ConnectOptions::new();
    Ok(match login {
        Login::Nobody => options,
        Login::Password(user, password) => {
            options.user_and_password(user.clone(), password.expose().to_owned())
        }
        Login::Token(token) => options.token(token.expose().to_owned()),
        Login::NKey(seed) => options.nkey(seed.expose().to_owned()),
        Login::File(path) => options
            .credentials_file(path)
            .await
            .map_err(|error| DialError::Credentials(path.clone(), error))?,
    })
}
