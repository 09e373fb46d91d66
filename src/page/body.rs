//! Reads a posted form's bytes, bounded in size and time, into memory that is wiped.

use std::time::Duration;

use axum::body::BodyDataStream;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use zeroize::Zeroizing;

use super::trouble::Trouble;

/// The largest form that is read: many times what any site's form takes.
const LARGEST: usize = 256 * 1024;

/// What is read and thrown away beyond that, so that the answer reaches a client that sends first
/// and listens later.
const DRAINED: usize = 8 * 1024 * 1024;

/// A slow line sends a form in this time.
const PATIENCE: Duration = Duration::from_secs(20);

/// The bytes of a form.
pub(super) struct FormBytes(pub(super) Zeroizing<Vec<u8>>);

impl<S: Sync> FromRequest<S> for FormBytes {
    type Rejection = Trouble;

    async fn from_request(request: Request, _: &S) -> Result<Self, Trouble> {
        let is_form = is_form(request.headers());
        let stream = request.into_body().into_data_stream();
        let bytes = tokio::time::timeout(PATIENCE, read(stream)).await.map_err(|_| Trouble::TooSlow)??;
        if is_form { Ok(Self(bytes)) } else { Err(Trouble::ContentType) }
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let declared =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

async fn read(mut stream: BodyDataStream) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let mut parts = Vec::new();
    let mut seen = 0_usize;
    while let Some(part) = stream.next().await {
        // A line that broke: nobody is there to read the answer.
        let part = part.map_err(|_| Trouble::TooSlow)?;
        seen = seen.saturating_add(part.len());
        if seen <= LARGEST {
            parts.push(part);
        } else if seen > DRAINED {
            break;
        }
    }
    if seen > LARGEST {
        return Err(Trouble::TooLarge);
    }
    // Joined in one piece of the right size: a vector that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(seen));
    for part in &parts {
        bytes.extend_from_slice(part);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn sent(content_type: &str, body: impl Into<Body>) -> Result<usize, Trouble> {
        let request =
            Request::post("/").header(header::CONTENT_TYPE, content_type).body(body.into()).unwrap();
        FormBytes::from_request(request, &()).await.map(|FormBytes(bytes)| bytes.len())
    }

    #[tokio::test]
    async fn only_forms_of_a_sensible_size_are_read() {
        let form = "application/x-www-form-urlencoded; charset=UTF-8";
        assert_eq!(sent(form, "prompt=1").await, Ok(8));
        assert_eq!(sent(form, vec![b'x'; LARGEST]).await, Ok(LARGEST));
        assert_eq!(sent(form, vec![b'x'; LARGEST + 1]).await, Err(Trouble::TooLarge));
        assert_eq!(sent(form, vec![b'x'; DRAINED + 1]).await, Err(Trouble::TooLarge));
        assert_eq!(sent("application/json", "{}").await, Err(Trouble::ContentType));
    }
}
