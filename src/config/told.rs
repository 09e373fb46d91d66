//! What is wrong with a setting, and where it came from.

use figment::{Figment, Metadata};

use super::BadSetting;

pub(super) fn refused(error: &figment::Error) -> BadSetting {
    let one = error.clone().into_iter().next().unwrap_or_else(|| error.clone());
    let origin = one.metadata.as_ref().map_or_else(|| "the settings".to_owned(), named);
    let problem = match &one.kind {
        figment::error::Kind::UnknownField(_, known) => {
            format!("is not a setting; there are: {}", known.join(", "))
        }
        figment::error::Kind::UnknownVariant(_, known) => format!("must be one of: {}", known.join(", ")),
        // The value may be a secret: only its type is told.
        figment::error::Kind::InvalidType(_, expected) | figment::error::Kind::InvalidValue(_, expected) => {
            format!("must be {expected}")
        }
        other => other.to_string(),
    };
    let key = if one.path.is_empty() { "settings".to_owned() } else { one.path.join(".") };
    BadSetting { key, problem, origin }
}

pub(super) fn origin(sources: &Figment, key: &str) -> String {
    sources.find_metadata(key).map_or_else(|| "the defaults".to_owned(), named)
}

fn named(metadata: &Metadata) -> String {
    match &metadata.source {
        Some(figment::Source::File(path)) => format!("the file {}", path.display()),
        _ if metadata.name.contains("environment") => "the environment".to_owned(),
        _ => "the flags or defaults".to_owned(),
    }
}
