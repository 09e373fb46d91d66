//! Keys as a person reads them: a line each, in columns.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use entity::{Scope, Timestamp, api_key};

use crate::service::key::{self, State};

const HEADINGS: [&str; 7] = ["PREFIX", "NAME", "STATE", "CREATED", "LAST USED", "EXPIRES", "SCOPES"];

/// A heading and a line for each key.
pub(super) fn of(keys: &[api_key::Model], now: Timestamp) -> String {
    let lines: Vec<[String; 7]> = keys.iter().map(|key| cells(key, now)).collect();
    let headings = HEADINGS.map(str::to_owned);
    let width = |column: usize| {
        let cells = lines.iter().chain([&headings]).map(|line| line[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: [usize; 7] = std::array::from_fn(width);
    let mut sheet = String::new();
    for line in [&headings].into_iter().chain(&lines) {
        let cells: Vec<_> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(sheet, "{}", cells.join("  ").trim_end());
    }
    sheet
}

fn cells(key: &api_key::Model, now: Timestamp) -> [String; 7] {
    let or_none = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), time);
    let scopes = key::scopes(key);
    let all = Scope::ALL.iter().all(|scope| scopes.contains(scope));
    let names: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    [
        key.prefix.clone(),
        key.name.clone(),
        state(key, now).to_owned(),
        time(key.created_at),
        or_none(key.last_used_at),
        or_none(key.expires_at),
        if all { "all".to_owned() } else { names.join(",") },
    ]
}

/// Where a key stands, in a word.
pub(super) fn state(key: &api_key::Model, now: Timestamp) -> &'static str {
    match key::state(key, now) {
        State::Live => "live",
        State::Expired => "expired",
        State::Revoked => "revoked",
    }
}

/// RFC 3339, to the second.
pub(super) fn time(at: Timestamp) -> String {
    let at = DateTime::<Utc>::from_timestamp_millis(at.0).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use entity::{KeyId, Strings, WorkspaceId};

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_341_600_000);

    fn key(name: &str) -> api_key::Model {
        api_key::Model {
            id: KeyId::new(NOW),
            workspace_id: WorkspaceId::new(NOW),
            name: name.to_owned(),
            prefix: "psk_0123".to_owned(),
            hash: vec![0xab; 32],
            scopes: Strings(Scope::ALL.iter().map(|scope| scope.as_str().to_owned()).collect()),
            created_at: NOW,
            last_used_at: None,
            expires_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn columns_stand_under_their_headings_however_long_a_name_is() {
        let ended = api_key::Model {
            revoked_at: Some(NOW),
            last_used_at: Some(NOW),
            scopes: Strings(vec!["LINKS_READ".to_owned(), "ADMIN".to_owned()]),
            ..key("the Übergabe of the old backend")
        };

        insta::assert_snapshot!(of(&[key("b"), ended], NOW), @r"
        PREFIX    NAME                             STATE    CREATED               LAST USED             EXPIRES  SCOPES
        psk_0123  b                                live     2026-11-22T10:00:00Z  -                     -        all
        psk_0123  the Übergabe of the old backend  revoked  2026-11-22T10:00:00Z  2026-11-22T10:00:00Z  -        LINKS_READ,ADMIN
        ");
    }

    #[test]
    fn a_key_that_has_ended_by_itself_is_told_apart() {
        let expiring = api_key::Model { expires_at: Some(NOW), ..key("a") };

        assert_eq!(state(&expiring, NOW), "expired");
        assert_eq!(state(&expiring, Timestamp(NOW.0 - 1)), "live");
    }
}
