//! Bytes as lower-case hexadecimal text.

use std::fmt::Write as _;

/// The text of `bytes`, two digits each.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
