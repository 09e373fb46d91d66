//! A site's text as plain, short words: it is shown to people who trust our page.

/// Takes at most `most` characters; drops what cannot be seen or turns the direction of writing, and
/// folds white space, keeping line breaks.
pub(super) fn plain(text: &str, most: usize) -> String {
    let mut plain = String::with_capacity(text.len().min(most));
    let mut left = most;
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        if left == 0 {
            plain.truncate(plain.trim_end().len());
            plain.push('…');
            break;
        }
        let space = if c == '\n' { '\n' } else { ' ' };
        if !c.is_whitespace() {
            plain.push(c);
            left -= 1;
        } else if !plain.is_empty() && !plain.ends_with(char::is_whitespace) {
            plain.push(space);
            left -= 1;
        }
    }
    plain.truncate(plain.trim_end().len());
    plain
}

/// The same for what may be missing; nothing left is missing too.
pub(super) fn plain_some(text: Option<&String>, most: usize) -> Option<String> {
    text.map(|text| plain(text, most)).filter(|text| !text.is_empty())
}

/// Whether nothing of a text would be dropped.
pub(super) fn is_plain(text: &str) -> bool {
    !text.chars().any(is_invisible)
}

const fn is_invisible(c: char) -> bool {
    let control = (c as u32) < 0x20 && !matches!(c, '\n' | '\t' | '\r') || matches!(c as u32, 0x7f..=0x9f);
    let format = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    );
    control || format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_becomes_plain_and_short() {
        assert_eq!(plain("a\u{202e}b\u{200b}c\0d \t\n e", 50), "abcd e");
        assert_eq!(plain("  \u{feff} ", 50), "");
        assert_eq!(plain("one\ntwo", 50), "one\ntwo");
        assert_eq!(plain(&"x".repeat(1_000_000), 5), "xxxxx…");
        assert_eq!(plain("<b>&amp;</b>", 50), "<b>&amp;</b>");
    }
}
