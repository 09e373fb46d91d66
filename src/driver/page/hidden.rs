//! What can be told without layout about whether people see an element.

use std::collections::HashSet;

use scraper::node::Element;

/// Classes and ids that the page's own style rules hide.
#[derive(Default)]
pub(in crate::driver) struct HiddenByStyle {
    classes: HashSet<String>,
    ids: HashSet<String>,
}

/// Rules that are looked at; a page with more is styled by somebody else's hand.
const MOST_RULES: usize = 2_000;

impl HiddenByStyle {
    /// Reads simple rules (`.class`, `#id`, `tag.class`) of one style sheet; what stands inside an
    /// at-rule such as `@media` is left out.
    pub(in crate::driver) fn read(&mut self, css: &str) {
        let (mut rest, mut inside_at_rules, mut selectors) = (css, 0_u32, None);
        for _ in 0..MOST_RULES * 2 {
            let Some(at) = rest.find(['{', '}']) else { break };
            let (head, tail) = rest.split_at(at);
            let head = head.rsplit_once("*/").map_or(head, |(_, after)| after);
            match (tail.starts_with('{'), selectors.take()) {
                (true, _) if head.trim_start().starts_with('@') => inside_at_rules += 1,
                (true, _) => selectors = Some(head),
                (false, None) => inside_at_rules = inside_at_rules.saturating_sub(1),
                (false, Some(list)) if inside_at_rules == 0 && hides(head) => {
                    list.split(',').map(str::trim).for_each(|selector| self.take(selector));
                }
                (false, Some(_)) => {}
            }
            rest = &tail[1..];
        }
    }

    fn take(&mut self, selector: &str) {
        let simple = |name: &str| name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
        let after = |mark: char| selector.split_once(mark).filter(|(tag, name)| simple(tag) && simple(name));
        if let Some((_, class)) = after('.') {
            self.classes.insert(class.to_owned());
        } else if let Some((_, id)) = after('#') {
            self.ids.insert(id.to_owned());
        }
    }

    fn names(&self, element: &Element) -> bool {
        element.id().is_some_and(|id| self.ids.contains(id))
            || element.classes().any(|class| self.classes.contains(class))
    }
}

/// Whether the element and all that is in it is hidden.
pub(in crate::driver) fn is_hidden(element: &Element, styles: &HiddenByStyle) -> bool {
    let by_attribute = element.attr("hidden").is_some_and(|value| value != "until-found")
        || element.attr("aria-hidden") == Some("true") && element.attr("tabindex") == Some("-1")
        || element.attr("inert").is_some();
    by_attribute
        || element.attr("style").is_some_and(hides)
        || by_common_class(element)
        || styles.names(element)
}

/// Class names that every large style library hides by, unless another one brings the element back.
fn by_common_class(element: &Element) -> bool {
    let hides =
        element.classes().any(|class| matches!(class, "hidden" | "d-none" | "is-hidden" | "invisible"));
    let returns = || {
        element
            .classes()
            .any(|class| class.contains(':') || (class.starts_with("d-") && class.split('-').count() > 2))
    };
    hides && !returns()
}

/// Whether declarations take an element out of sight.
fn hides(declarations: &str) -> bool {
    let flat: String = declarations.chars().filter(|c| !c.is_whitespace()).take(600).collect();
    let flat = flat.to_ascii_lowercase();
    let declared = |property: &str, test: &dyn Fn(&str) -> bool| {
        flat.split(';')
            .filter_map(|one| one.split_once(':'))
            .any(|(name, value)| name == property && test(value.trim_end_matches("!important")))
    };
    let far = |value: &str| {
        value
            .strip_prefix('-')
            .and_then(|rest| rest.split(['p', '.', 'e', 'r', 'v']).next()?.parse::<u32>().ok())
            .is_some_and(|distance| distance >= 500)
    };
    declared("display", &|value| value == "none")
        || declared("visibility", &|value| value == "hidden")
        || declared("opacity", &|value| value.parse::<f32>().is_ok_and(|opacity| opacity < 0.01))
        || ["left", "top", "right", "text-indent", "margin-left"]
            .iter()
            .any(|property| declared(property, &far))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_that_hide_are_told_from_those_that_do_not() {
        for (css, hidden) in [
            ("display: none", true),
            ("color:red; VISIBILITY : hidden !important", true),
            ("position:absolute;left:-9999px", true),
            ("left:-5px", false),
            ("opacity:0", true),
            ("opacity:.9", false),
            ("display:block", false),
        ] {
            assert_eq!(hides(css), hidden, "{css}");
        }
    }

    #[test]
    fn simple_rules_hide_and_media_rules_do_not() {
        let mut styles = HiddenByStyle::default();
        styles.read(".hp, #trap { display:none } .nav .x { display:none } .ok{color:red}");
        assert!(styles.classes.contains("hp") && styles.ids.contains("trap"));
        assert!(!styles.classes.contains("x") && !styles.classes.contains("ok"));
        styles.read("@media print { .printed { display: none } }");
        assert!(!styles.classes.contains("printed"));
    }
}
