//! Arbitrary pages: nothing panics, and what comes out is bounded.

use proptest::prelude::*;

use super::{LOGIN, after, after_password, at, first, loaded};
use crate::domain::detector::{Sent, Step, is_sign_in};
use crate::driver::page::{html, select};

/// Markup that is likely to confuse: real pieces in no order.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "<form method=post action=//x>",
        "</form>",
        "<input name=user>",
        "<input type=password>",
        "<table><form>",
        "<label for=a>",
        "</label>",
        "<input id=a type=radio name=r>",
        "<button formaction='javascript:1'>",
        "</button>",
        "<select name=s><option value=1 selected>",
        "</select>",
        "<h1>Sign in",
        "<h2>Code",
        "<a href='http://[::1'>",
        "<base href=x:y>",
        "<meta http-equiv=refresh content='0;url=//'>",
        "<noscript><p>x</noscript>",
        "<svg><title>t</svg>",
        "<template><form>",
        "<textarea name=t>",
        "<div role=alert>wrong</div>",
        "<li class=error>",
        "<p hidden>",
        "<style>.a{display:none",
        "<script>a.submit()",
        "\u{202e}ß\u{301}İ",
        "+1 ***-**23 ",
        "&#x0;&bogus;",
        "<input maxlength=1 name=c>",
        "<fieldset disabled><legend>",
        "<iframe src=/>",
    ]);
    let noise = prop::string::string_regex("(?s).{0,12}").unwrap();
    prop::collection::vec(prop_oneof![4 => piece.prop_map(str::to_owned), 1 => noise], 0..60)
        .prop_map(|all| all.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_become_a_page(bytes in prop::collection::vec(any::<u8>(), 0..2_000), label in "[a-z0-9=;/ -]{0,40}") {
        let text = html::decode(&bytes, Some(&label));
        first(&text);
    }

    #[test]
    fn any_markup_is_looked_at_without_a_panic(text in soup(), status in 100_u16..600) {
        let page = at("https://site.example/a/b?c", status, &text);
        let asks = is_sign_in(&page.snapshot);
        prop_assert!(!asks || page.snapshot.status == 401 || !page.snapshot.inputs.is_empty());
        after_password(&page.snapshot);
        for sent in [Sent::Identifier, Sent::Code, Sent::Approval, Sent::Other] {
            after(LOGIN, sent, &page.snapshot);
            after(&text, sent, &page.snapshot);
        }
        let known = serde_json::to_string(&page.snapshot).unwrap();
        prop_assert_eq!(&serde_json::from_str::<crate::domain::snapshot::PageSnapshot>(&known).unwrap(), &page.snapshot);
    }

    #[test]
    fn the_numbers_of_elements_are_those_of_the_walk(text in soup()) {
        let page = loaded(&text);
        for link in select::find(&page, "a").unwrap().iter().filter(|f| f.kind == crate::driver::FoundKind::Link) {
            prop_assert!(page.snapshot.links.iter().any(|known| known.uid == link.uid));
        }
        let inputs = select::find(&page, "input, select, textarea, button").unwrap();
        for control in &page.controls {
            prop_assert!(inputs.iter().any(|found| found.uid == control.uid));
        }
    }
}

#[test]
fn a_page_with_ten_thousand_inputs_and_a_label_of_a_megabyte_stays_small() {
    let inputs = "<input name=x>".repeat(10_000);
    let label = "L".repeat(1_000_000);
    let page = loaded(&format!("{LOGIN}{inputs}<label>{label}<input name=y></label><p>{label}</p>")).snapshot;
    assert!(page.inputs.len() <= 600);
    assert!(serde_json::to_string(&page).unwrap().len() < 500_000);
    assert!(matches!(first(LOGIN).step, Step::Ask(_)));
}
