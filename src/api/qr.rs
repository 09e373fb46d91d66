//! QR codes of links.

use qrcode::QrCode;
use qrcode::render::svg;

/// The text as a QR code in SVG, 240 × 240 pixels or more; `None` if it is too long for one.
pub(super) fn svg(text: &str) -> Option<String> {
    let code = QrCode::new(text.as_bytes()).ok()?;
    Some(code.render::<svg::Color<'_>>().min_dimensions(240, 240).build())
}
