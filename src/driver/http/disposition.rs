//! What an answer calls the file it hands out (RFC 6266), and whether it hands out one at all.

use reqwest::header::{CONTENT_DISPOSITION, HeaderMap};
use url::Url;

use crate::driver::download::file_name;

/// Whether the answer is to be saved, whatever its type.
pub(super) fn is_attachment(headers: &HeaderMap) -> bool {
    let text = text(headers).unwrap_or_default();
    text.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("attachment"))
}

/// The name in the header, or else the last part of the address.
pub(super) fn name(headers: &HeaderMap, url: &Url) -> Option<String> {
    let given = text(headers).and_then(|text| {
        let parameters = parameters(&text);
        let find = |wanted: &str| parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        find("filename*").and_then(|value| extended(value)).or_else(|| find("filename").cloned())
    });
    let part = || url.path_segments()?.next_back().map(|part| decoded(part.as_bytes()));
    given.and_then(|given| file_name(&given)).or_else(|| file_name(&part()?))
}

/// Sites write raw UTF-8 here.
fn text(headers: &HeaderMap) -> Option<String> {
    headers.get(CONTENT_DISPOSITION).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// `name=value` after each semicolon that stands in no quotes.
fn parameters(text: &str) -> Vec<(String, String)> {
    let (mut found, mut rest) = (Vec::new(), text.split_once(';').map_or("", |(_, rest)| rest));
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches(|c: char| c.is_whitespace() || c == ';').to_ascii_lowercase();
        let (value, after) = value(after.trim_start());
        found.push((name, value));
        rest = after;
    }
    found
}

/// A value, quoted or not, and what comes after it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_once(';').unwrap_or((text, ""));
        return (value.trim().to_owned(), rest);
    };
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in quoted.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return (value, &quoted[at + 1..]),
            c => {
                escaped = false;
                value.push(c);
            }
        }
    }
    (value, "")
}

/// `charset'language'percent-encoded` (RFC 8187).
fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    if charset.eq_ignore_ascii_case("utf-8") {
        return Some(decoded(encoded.as_bytes()));
    }
    let latin = charset.eq_ignore_ascii_case("iso-8859-1");
    latin.then(|| percent_encoding::percent_decode(encoded.as_bytes()).map(char::from).collect())
}

fn decoded(text: &[u8]) -> String {
    percent_encoding::percent_decode(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn named(disposition: &str) -> (bool, Option<String>) {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_bytes(disposition.as_bytes()).unwrap());
        let url = Url::parse("https://site.example/files/last%20bill.pdf?x=/y").unwrap();
        (is_attachment(&headers), name(&headers, &url))
    }

    #[test]
    fn a_file_is_called_what_its_header_calls_it() {
        for (disposition, attached, expected) in [
            ("attachment; filename=\"may; 2026.csv\"", true, "may; 2026.csv"),
            ("Attachment;filename=a.csv; size=3", true, "a.csv"),
            ("attachment; filename=\"e.csv\"; filename*=UTF-8''%e2%82%ac%20rates.csv", true, "€ rates.csv"),
            ("attachment; filename*=iso-8859-1'en'%A3.csv", true, "£.csv"),
            ("attachment; filename=\"a\\\"b.csv\"", true, "a_b.csv"),
            ("inline; filename=\"Übersicht.pdf\"", false, "Übersicht.pdf"),
            ("attachment; filename=\"../..\"", true, "last bill.pdf"),
            ("attachment; filename=\"open", true, "open"),
            ("attachment", true, "last bill.pdf"),
            (";;=;=", false, "last bill.pdf"),
        ] {
            assert_eq!(named(disposition), (attached, Some(expected.to_owned())), "{disposition}");
        }
    }
}
