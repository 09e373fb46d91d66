//! From bytes to a tree, in bounded time and memory whatever the bytes are.

use html5ever::driver::{self, ParseOpts};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use scraper::{Html, HtmlTreeSink};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// A page with more nodes is cut off there: no login form stands behind so much.
const MOST_NODES: usize = 150_000;
/// Crafted markup can make a parser walk its whole stack for every tag.
const MOST_TIME: Duration = Duration::from_secs(2);
/// Characters of a page that are looked at, in bytes; a page of as many bytes as are read can become a little
/// more when it is decoded.
const MOST_TEXT: usize = 4 * 1_024 * 1_024;
/// Fed at once between two looks at the limits.
const PIECE: usize = 1_024;
/// Open formatting elements are made again in every paragraph; people nest a handful.
const MOST_OPEN_FORMATTING: u32 = 64;

/// Parses as a browser without scripts would: what `noscript` holds is part of the page.
pub(in crate::driver) fn parse(text: &str) -> Html {
    let tree_builder = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
    let options = ParseOpts { tree_builder, ..ParseOpts::default() };
    let mut parser = driver::parse_document(HtmlTreeSink::new(Html::new_document()), options);
    let started = Instant::now();
    let text = &text[..text.floor_char_boundary(MOST_TEXT)];
    let mut rest = &text[..sane_length(text)];
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        parser.process(StrTendril::from(piece));
        rest = after;
        let nodes = parser.tokenizer.sink.sink.0.borrow().tree.values().len();
        if nodes > MOST_NODES || started.elapsed() > MOST_TIME {
            break;
        }
    }
    parser.finish()
}

/// Where the text opens more formatting elements than any real page does.
fn sane_length(text: &str) -> usize {
    let mut open: HashMap<&str, u32> = HashMap::new();
    for (at, _) in text.match_indices('<') {
        let rest = &text[at + 1..];
        let closes = rest.starts_with('/');
        let name = rest.trim_start_matches('/');
        let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
        let Some(name) = FORMATTING.iter().find(|one| one.eq_ignore_ascii_case(&name[..end])) else {
            continue;
        };
        let count = open.entry(name).or_default();
        *count = if closes { count.saturating_sub(1) } else { *count + 1 };
        if *count > MOST_OPEN_FORMATTING {
            return at;
        }
    }
    text.len()
}

const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Decodes a body by its byte order mark, its header or its own meta declaration; else as UTF-8 if it is
/// that, and as Windows-1252 if not.
pub(in crate::driver) fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
    let label = content_type.and_then(charset).or_else(|| {
        // The standard looks for the declaration in the first kilobyte only.
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1_024)]).to_ascii_lowercase();
        head.find("charset=").and_then(|at| charset(&head[at..]))
    });
    let declared = label.and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    let encoding = declared.unwrap_or_else(|| match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_some() => encoding_rs::WINDOWS_1252,
        _ => encoding_rs::UTF_8,
    });
    encoding.decode(bytes).0.into_owned()
}

fn charset(text: &str) -> Option<String> {
    let (_, value) = text.split_once("charset=")?;
    let value = value.trim_start_matches(['"', '\'', ' ']);
    let end = value.find(['"', '\'', ';', ' ', '>', '/']).unwrap_or(value.len());
    (end > 0).then(|| value[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_decoded_by_what_declares_them() {
        assert_eq!(decode(b"stra\xdfe", Some("text/html; charset=iso-8859-1")), "straße");
        assert_eq!(decode(b"<meta charset='windows-1252'>\xe9", None), "<meta charset='windows-1252'>é");
        assert_eq!(decode("é".as_bytes(), None), "é");
        assert_eq!(decode(b"\xff\xfea\0", Some("text/html; charset=utf-8")), "a");
        assert_eq!(decode(b"caf\xe9!", Some("text/html")), "café!");
    }

    #[test]
    fn crafted_markup_is_cut_off_in_time() {
        let started = Instant::now();
        for bomb in [
            "<div>".repeat(400_000),
            (0..20_000).flat_map(|i| ["<b id=".to_owned(), i.to_string(), "><p>x".to_owned()]).collect(),
            "<table><td>".repeat(200_000),
            "<a href=x><p>y".repeat(100_000),
            "<svg><foreignObject>".repeat(100_000),
        ] {
            assert!(parse(&bomb).tree.values().len() < 2_000_000);
        }
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}
