//! The first look at a query text: one pass over its bytes that cannot recurse or backtrack.
//!
//! The parser and all that walks its result descend with every bracket and spend time on every token,
//! so both are counted here first. Strings and comments are read as the parser reads them; a text whose strings
//! do not end is refused at once, because there the two could come to differ. A long name is refused too: the
//! validation compares one that it does not know with all that there are. The JSON around the text is counted
//! in the same way, before millions of empty lists become millions of values.

use super::refusal::Refusal;
use super::settings::DocumentLimits;

/// Refuses a text that is too long, has too many tokens or nests too deep.
pub(super) fn check(text: &str, limits: &DocumentLimits) -> Result<(), Refusal> {
    if text.len() > limits.text_bytes {
        return Err(Refusal::too_complex("bytes", limits.text_bytes));
    }
    let (mut tokens, mut open) = (0, 0_usize);
    let mut rest = text.as_bytes();
    while let Some((token, after)) = next(rest)? {
        rest = after;
        tokens += 1;
        match token {
            Token::Open => open += 1,
            Token::Close => open = open.saturating_sub(1),
            Token::Word(length) if length > limits.word_bytes => {
                return Err(Refusal::too_complex("characters in one name or number", limits.word_bytes));
            }
            Token::Word(_) | Token::Other => {}
        }
        if open > limits.brackets {
            return Err(Refusal::too_complex("brackets inside one another", limits.brackets));
        }
        if tokens > limits.tokens {
            return Err(Refusal::too_complex("tokens", limits.tokens));
        }
    }
    Ok(())
}

/// Refuses JSON of more values than `limits` allow. Whether it is JSON at all, its parser says.
pub(super) fn check_json(json: &[u8], limits: &DocumentLimits) -> Result<(), Refusal> {
    let (mut values, mut is_text) = (0_usize, false);
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => is_text = !is_text,
            b'\\' if is_text => _ = bytes.next(),
            b'{' | b'[' | b',' if !is_text => values += 1,
            _ => {}
        }
    }
    if values <= limits.values { Ok(()) } else { Err(Refusal::too_many_values(limits.values)) }
}

enum Token {
    Open,
    Close,
    /// A name or a number of so many bytes.
    Word(usize),
    Other,
}

/// The next token and what follows it.
fn next(text: &[u8]) -> Result<Option<(Token, &[u8])>, Refusal> {
    let rest = skip_ignored(text);
    let Some(&first) = rest.first() else { return Ok(None) };
    Ok(Some(match first {
        b'{' | b'(' | b'[' => (Token::Open, &rest[1..]),
        b'}' | b')' | b']' => (Token::Close, &rest[1..]),
        b'"' => (Token::Other, after_string(rest).ok_or_else(unended)?),
        byte if is_wordy(byte) => {
            let after = skip_while(rest, is_wordy);
            (Token::Word(rest.len() - after.len()), after)
        }
        _ => (Token::Other, &rest[1..]),
    }))
}

fn unended() -> Refusal {
    Refusal::invalid("The document has a string that does not end.", None)
}

fn skip_ignored(mut text: &[u8]) -> &[u8] {
    loop {
        text = skip_while(text, |byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b','));
        match text {
            [b'#', ..] => text = skip_while(text, |byte| !matches!(byte, b'\r' | b'\n')),
            // A byte order mark, in UTF-8.
            [0xEF, 0xBB, 0xBF, rest @ ..] => text = rest,
            _ => return text,
        }
    }
}

fn skip_while(text: &[u8], holds: impl Fn(u8) -> bool) -> &[u8] {
    let length = text.iter().position(|&byte| !holds(byte)).unwrap_or(text.len());
    &text[length..]
}

/// Letters, digits and what numbers are made of; a name glued to a number counts as one token.
const fn is_wordy(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+')
}

/// What follows the string that `text` begins with; `None` if it does not end.
fn after_string(text: &[u8]) -> Option<&[u8]> {
    if let Some(mut rest) = text.strip_prefix(br#"""""#) {
        loop {
            match rest {
                [b'"', b'"', b'"', after @ ..] => return Some(after),
                [b'\\', b'"', b'"', b'"', after @ ..] | [_, after @ ..] => rest = after,
                [] => return None,
            }
        }
    }
    let mut rest = &text[1..];
    loop {
        match rest {
            [b'"', after @ ..] => return Some(after),
            [b'\r' | b'\n', ..] | [] => return None,
            [b'\\', _, after @ ..] | [_, after @ ..] => rest = after,
        }
    }
}
