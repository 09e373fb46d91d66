//! The style sheet, the script and the icon, out of the binary; and a workspace's own colour as a style sheet.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::trouble::Trouble;
use crate::domain::colour::Colour;

/// Name, type and content of everything the pages load.
const FILES: [(&str, &str, &str); 3] = [
    ("page.css", "text/css; charset=utf-8", include_str!("assets/page.css")),
    ("page.js", "text/javascript; charset=utf-8", include_str!("assets/page.js")),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
];

/// The style sheet of a workspace's colour, with places for its shades. The page may load it where a style
/// inside the page would be refused.
const ACCENT: &str = include_str!("assets/accent.css");

/// Part of every asset's address, so that a browser may keep it for as long as it is the same.
pub(super) static VERSION: LazyLock<String> = LazyLock::new(|| {
    let contents = FILES.iter().map(|(_, _, content)| *content).chain([ACCENT]);
    let digest = contents.fold(Sha256::new(), Sha256::chain_update);
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
    let (content_type, content) = match file {
        Some((_, content_type, content)) => (content_type, Cow::Borrowed(content)),
        None => ("text/css; charset=utf-8", Cow::Owned(accent(&name).ok_or(Trouble::Path)?)),
    };
    let keep = if version == *VERSION { "public, max-age=31536000, immutable" } else { "no-store" };
    Ok(([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, keep)], content).into_response())
}

/// The style sheet that is called `accent-rrggbb.css`. Whoever asks for another colour than a workspace's gets
/// it, and does no harm.
fn accent(name: &str) -> Option<String> {
    let digits = name.strip_prefix("accent-")?.strip_suffix(".css")?;
    let colour = Colour::parse(&format!("#{digits}"))?;
    let (light, dark) = (colour.on_light(), colour.on_dark());
    let shades = [light.plain, light.strong, dark.plain, dark.strong].map(|shade| shade.to_string());
    let [light, light_strong, dark, dark_strong] = &shades;
    Some(
        ACCENT
            .replace("LIGHT-STRONG", light_strong)
            .replace("LIGHT", light)
            .replace("DARK-STRONG", dark_strong)
            .replace("DARK", dark),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colours_style_sheet_has_shades_for_light_and_dark_and_nothing_of_the_address() {
        let sheet = accent("accent-7a1f5c.css").unwrap();

        assert!(sheet.contains("--accent: #7a1f5c;"), "{sheet}");
        assert_eq!(sheet.matches("--accent-strong: #").count(), 2, "{sheet}");
        assert!(!sheet.contains("LIGHT") && !sheet.contains("DARK"), "{sheet}");
        for bad in ["accent-.css", "accent-7a1f5.css", "accent-7a1f5c}.css", "accent-7a1f5c", "7a1f5c.css"] {
            assert_eq!(accent(bad), None, "{bad}");
        }
    }
}
