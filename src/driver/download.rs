//! A file that a site hands out, and a name for it that is safe to show and to save under.

/// A file as the site handed it out. It is the customer's: no `Debug`.
pub struct Download {
    /// What the site calls it, made safe by [`file_name`]; absent if the site gave no name.
    pub name: Option<String>,
    /// What the site says it is: `type/subtype` in lower case, without parameters.
    pub content_type: String,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// The type of bytes of which nothing is said.
pub const UNKNOWN_TYPE: &str = "application/octet-stream";
/// Bytes of a file name: what file systems take, with room for a suffix.
const LONGEST_NAME: usize = 200;
/// Characters of a content type: longer ones are not in use.
const LONGEST_TYPE: usize = 100;

/// A name without a path, without anything that hides or turns text around, and not too long; the ending
/// stays. `None` if nothing is left.
#[must_use]
pub fn file_name(given: &str) -> Option<String> {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown = |c: char| if "<>:\"|?*".contains(c) { '_' } else { c };
    let clean: String = last.chars().filter(|c| !is_unseen(*c)).map(shown).collect();
    let clean = clean.trim().trim_matches('.').trim();
    if clean.is_empty() {
        return None;
    }
    if clean.len() <= LONGEST_NAME {
        return Some(clean.to_owned());
    }
    let ending = clean.rfind('.').map(|at| &clean[at..]).filter(|ending| ending.len() <= 20).unwrap_or("");
    let stem = &clean[..clean.floor_char_boundary(LONGEST_NAME - ending.len())];
    Some(format!("{stem}{ending}"))
}

/// `type/subtype` in lower case; [`UNKNOWN_TYPE`] for what is not one.
#[must_use]
pub fn content_type(given: Option<&str>) -> String {
    let kind = given.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let token = |text: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
        !text.is_empty() && text.chars().all(allowed)
    };
    let whole = kind.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub));
    if whole && kind.len() <= LONGEST_TYPE { kind } else { UNKNOWN_TYPE.to_owned() }
}

/// Characters that are not seen, or that turn the text after them around.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_can_be_shown_and_saved() {
        for (given, name) in [
            ("statement 2026-10.pdf", Some("statement 2026-10.pdf")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\users\\a\\b.csv", Some("b.csv")),
            ("Übersicht.csv", Some("Übersicht.csv")),
            ("bill\u{202e}fdp.exe", Some("billfdp.exe")),
            ("a\r\nSet-Cookie: x.pdf", Some("aSet-Cookie_ x.pdf")),
            (".htaccess", Some("htaccess")),
            ("..", None),
            ("/", None),
            ("\u{200b}", None),
        ] {
            assert_eq!(file_name(given).as_deref(), name, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = file_name(&format!("{}.pdf", "ä".repeat(300))).unwrap();

        assert!(name.len() <= LONGEST_NAME && name.ends_with("ä.pdf"), "{name}");
    }

    #[test]
    fn what_is_no_content_type_is_of_unknown_type() {
        for (given, kind) in [
            (Some("Text/CSV; charset=utf-8"), "text/csv"),
            (Some("application/vnd.ms-excel"), "application/vnd.ms-excel"),
            (Some("pdf"), UNKNOWN_TYPE),
            (Some("text/\"x\""), UNKNOWN_TYPE),
            (None, UNKNOWN_TYPE),
        ] {
            assert_eq!(content_type(given), kind, "{given:?}");
        }
    }
}
