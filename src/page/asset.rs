//! The style sheet, the script and the icon, out of the binary.

use std::fmt::Write;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::trouble::Trouble;

/// Name, type and content of everything the pages load.
const FILES: [(&str, &str, &str); 3] = [
    ("page.css", "text/css; charset=utf-8", include_str!("assets/page.css")),
    ("page.js", "text/javascript; charset=utf-8", include_str!("assets/page.js")),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
];

/// Part of every asset's address, so that a browser may keep it for as long as it is the same.
pub(super) static VERSION: LazyLock<String> = LazyLock::new(|| {
    let digest = FILES.iter().fold(Sha256::new(), |hash, (_, _, content)| hash.chain_update(content));
    digest.finalize().iter().take(6).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
});

/// Serves a file. A page of another version, from before an update, gets today's, not to be kept.
pub(super) async fn serve(path: Result<Path<(String, String)>, PathRejection>) -> Result<Response, Trouble> {
    let Path((version, name)) = path.map_err(|_| Trouble::Path)?;
    let file = FILES.into_iter().find(|(known, _, _)| *known == name);
    let (_, content_type, content) = file.ok_or(Trouble::Path)?;
    let keep = if version == *VERSION { "public, max-age=31536000, immutable" } else { "no-store" };
    Ok(([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, keep)], content).into_response())
}
