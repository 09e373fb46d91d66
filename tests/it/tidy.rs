//! The house is tidy: imports look down, a technology stays in its room, and nothing grows too long.
//!
//! This reads the sources as text. What is written down here is what holds today; whoever needs another
//! edge or another room has to say so here, where it is seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What a room may use of the house. Neighbours on a floor do not know each other.
const LOOKS_DOWN_AT: [(&str, &[&str]); 19] = [
    ("main", &[]),
    // `inspect` looks at a page with the engine's own hands, without a server around them.
    ("cli", &["api", "config", "demo", "domain", "driver", "egress", "sandbox", "service", "wire"]),
    (
        "wire",
        &[
            "api", "bus", "config", "driver", "egress", "meter", "operator", "page", "service", "store",
            "vault", "webhook", "worker",
        ],
    ),
    ("api", &["domain", "meter", "service"]),
    ("operator", &["meter", "service"]),
    ("page", &["domain", "service"]),
    // The engine's door: it holds a driver and a login's key in its hands, and takes what happens to the house.
    ("worker", &["domain", "driver", "meter", "service", "vault"]),
    ("service", &["bus", "domain", "driver", "egress", "meter", "store", "vault", "webhook"]),
    ("store", &["domain", "meter"]),
    ("driver", &["domain", "egress"]),
    ("webhook", &["domain", "egress"]),
    ("vault", &["domain"]),
    ("bus", &["domain"]),
    ("egress", &["domain"]),
    ("meter", &["domain"]),
    ("config", &["domain", "driver", "egress"]),
    ("domain", &[]),
    ("sandbox", &[]),
    ("demo", &[]),
];

/// Single names that a room may use beyond that: shapes of questions that doors hand through to the store.
const HANDED_THROUGH: [(&str, &str); 5] = [
    ("api", "store::Page"),
    ("api", "store::page"),
    ("api", "store::link::Filter"),
    ("api", "store::delivery::Filter"),
    ("worker", "store::node::BEAT"),
];

/// What the use cases know of one another. `event` and what has no state of its own serve all of them.
const SIBLINGS: [(&str, &[&str]); 28] = [
    ("backlog", &[]),
    ("batch", &["clock", "event", "idempotency", "link"]),
    ("change", &["event", "link", "log"]),
    ("check", &["error"]),
    ("clock", &[]),
    ("customer", &["audit", "check", "link", "login", "run"]),
    ("delivery", &["audit", "endpoint", "event"]),
    ("endpoint", &["audit", "check", "event", "idempotency"]),
    ("event", &["log"]),
    ("expiry", &["link"]),
    ("file", &["login", "run"]),
    ("gauge", &["log"]),
    ("job", &["audit", "check", "idempotency"]),
    ("kept", &["audit", "login", "run"]),
    ("key", &["audit", "check", "idempotency"]),
    ("link", &["audit", "check", "event", "login"]),
    ("log", &["event"]),
    ("login", &["link", "run", "source_system"]),
    ("node", &["login", "run"]),
    ("pulse", &[]),
    ("readiness", &["log"]),
    ("recovery", &["audit", "event"]),
    ("rerun", &["audit", "kept", "run"]),
    ("retention", &[]),
    ("run", &["job", "kept", "link", "login", "source_system"]),
    ("source_system", &["audit", "check", "idempotency"]),
    ("visit", &["link", "login"]),
    ("workspace", &["audit", "check"]),
];

/// Which rooms know a library. Words of HTTP may be spoken where requests are made; sending is egress's.
const TECHNOLOGIES: [(&str, &[&str]); 40] = [
    ("anyhow::", &["cli", "demo"]),
    ("askama::", &["page", "sandbox"]),
    ("async_graphql::", &["api"]),
    ("async_graphql_axum::", &["api"]),
    ("async_nats::", &["egress/nats"]),
    ("axum::", &["api", "demo", "operator", "page", "sandbox", "wire"]),
    ("axum_extra::", &["page", "sandbox"]),
    ("axum_server::", &["wire"]),
    ("backoff::", &["domain/retry.rs"]),
    ("chacha20poly1305::", &["vault"]),
    ("clap::", &["cli", "config"]),
    ("cookie_store::", &["driver/http"]),
    ("ed25519_dalek::", &["webhook/scheme"]),
    ("ego_tree::", &["driver/page"]),
    ("encoding_rs::", &["driver/page"]),
    ("figment::", &["config"]),
    ("flate2::", &["api/door/graphiql.rs"]),
    ("governor::", &["api/door/guests.rs", "page/limit.rs"]),
    ("hmac::", &["demo", "vault", "webhook/scheme"]),
    ("hpke::", &["vault"]),
    ("html5ever::", &["driver/page"]),
    ("http_body_util::", &["egress"]),
    ("hyper::", &["egress"]),
    ("hyper_rustls::", &["egress"]),
    ("hyper_util::", &["egress", "wire"]),
    ("metrics::", &["meter"]),
    ("metrics_exporter_prometheus::", &["meter"]),
    ("moka::", &["service/key.rs"]),
    ("percent_encoding::", &["api/file.rs", "driver/http"]),
    ("publicsuffix::", &["driver/http"]),
    ("qrcode::", &["api/qr.rs"]),
    ("reqwest::", &["demo", "driver/http", "egress", "webhook"]),
    ("reqwest::Client", &["demo", "egress"]),
    ("scraper::", &["domain/recipe/selector.rs", "driver/page"]),
    ("sea_orm::", &["store"]),
    ("serde_path_to_error::", &["domain/recipe/read.rs"]),
    ("std::env::", &["config.rs"]),
    ("toml::", &["sandbox"]),
    ("totp_rs::", &["sandbox"]),
    ("ureq_proto::", &["egress/post"]),
];

/// Libraries that any room may use.
const EVERYWHERE: [&str; 24] = [
    "async-trait",
    "base64",
    "chrono",
    "entity",
    "futures-util",
    "ipnet",
    "log",
    "migration",
    "rand",
    "rustls",
    "serde",
    "serde_json",
    "sha2",
    "subtle",
    "thiserror",
    "tokio",
    "tokio-util",
    "tower",
    "tower-http",
    "tracing",
    "tracing-subscriber",
    "url",
    "uuid",
    "zeroize",
];

const LONGEST_FILE: usize = 400;
const LONGEST_FUNCTION: usize = 60;

/// What has no place in the program: unfinished work, and ends without words.
const FORBIDDEN: [&str; 11] = [
    "TODO",
    "FIXME",
    "XXX",
    ".unwrap()",
    ".expect(",
    "panic!(",
    "todo!(",
    "unimplemented!(",
    "unreachable!(",
    "dbg!(",
    "#[allow(",
];

/// One file of the program.
struct Source {
    /// From `src/` on, such as `api/link.rs`.
    path: String,
    text: String,
}

impl Source {
    fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("tests.rs") || self.path.ends_with("loopback.rs")
    }

    /// The lines that run in production, comments left out, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = self
            .text
            .find("#[cfg(test)]\nmod tests {")
            .or(self.text.find("#[cfg(test)]\npub(super) mod tests {"));
        let end = if self.is_test() { 0 } else { end.unwrap_or(self.text.len()) };
        let lines = self.text[..end].lines().enumerate();
        lines
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(number, line)| (number + 1, line))
    }

    /// Every name after `crate::` in the code, in full.
    fn uses(&self) -> Vec<String> {
        let code: Vec<_> = self.code().map(|(_, line)| line.trim()).collect();
        names_after("crate::", &code.join(" "))
    }
}

/// The paths that follow `start`; of a group in braces each.
fn names_after(start: &str, code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices(start) {
        let rest = &code[at + start.len()..];
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = group.split('}').next().unwrap();
                names.extend(group.split(',').map(|name| path(name.trim())));
            }
            None => names.push(path(rest)),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// As much of a text as is one path.
fn path(text: &str) -> String {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
    text[..end].trim_end_matches(':').to_owned()
}

fn files(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let entries: Vec<PathBuf> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.extend(entries.iter().filter(|path| path.is_dir()).cloned());
        for file in entries.iter().filter(|path| path.extension().is_some_and(|end| end == "rs")) {
            let path = file.strip_prefix(&root).unwrap().display().to_string();
            found.push(Source { path, text: fs::read_to_string(file).unwrap() });
        }
    }
    assert!(!found.is_empty(), "{folder} has no sources");
    found
}

#[track_caller]
fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn imports_look_down() {
    let allowed: BTreeMap<_, _> = LOOKS_DOWN_AT.into_iter().collect();
    let mut wrong = Vec::new();
    for source in files("src").iter().filter(|source| source.path != "lib.rs") {
        let Some(below) = allowed.get(source.room()) else { panic!("no floor for {}", source.path) };
        for name in source.uses() {
            let room = name.split("::").next().unwrap();
            let through =
                HANDED_THROUGH.iter().any(|(from, start)| *from == source.room() && name.starts_with(start));
            if room != source.room() && !below.contains(&room) && !through {
                wrong.push(format!("{} uses {name}", source.path));
            }
        }
    }
    assert_none("Imports that look up or sideways", &wrong);
}

#[test]
fn use_cases_know_only_the_siblings_that_are_written_down() {
    let known: BTreeSet<_> = files("src/service").iter().map(|source| source.room().to_owned()).collect();
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let serves_all = |source: &&Source| ["mod", "audit", "error", "idempotency"].contains(&source.room());
    for source in files("src/service").iter().filter(|source| !serves_all(source)) {
        let code: Vec<_> = source.code().map(|(_, line)| line.trim()).collect();
        let names = names_after("super::", &code.join(" "))
            .into_iter()
            .chain(names_after("crate::service::", &code.join(" ")));
        let siblings =
            names.map(|name| name.split("::").next().unwrap().to_owned()).filter(|name| known.contains(name));
        edges.entry(source.room().to_owned()).or_default().extend(siblings);
    }
    let table = SIBLINGS
        .into_iter()
        .map(|(from, to)| (from.to_owned(), to.iter().map(|name| (*name).to_owned()).collect()));
    assert_eq!(edges, table.collect());
}

#[test]
fn a_technology_stays_in_its_room() {
    let mut wrong = Vec::new();
    for source in files("src") {
        for (number, line) in source.code() {
            for (technology, rooms) in TECHNOLOGIES {
                let is_used = line
                    .match_indices(technology)
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
                if is_used && !rooms.iter().any(|room| source.path.starts_with(room)) {
                    wrong.push(format!("{}:{number}: {}", source.path, line.trim()));
                }
            }
        }
    }
    assert_none("Technologies outside their rooms", &wrong);
}

#[test]
fn every_library_has_its_rooms() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let dependencies = manifest.split("\n[dependencies]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let names = dependencies.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
    let has_rooms = |name: &&str| {
        let start = format!("{}::", name.replace('-', "_"));
        EVERYWHERE.contains(name) || TECHNOLOGIES.iter().any(|(technology, _)| *technology == start)
    };
    let homeless: Vec<_> = names.filter(|name| !has_rooms(name)).map(str::to_owned).collect();
    assert_none("Libraries without a room", &homeless);
}

#[test]
fn no_file_and_no_function_is_too_long() {
    let mut wrong = Vec::new();
    for folder in ["src", "entity/src", "migration/src", "tests/it"] {
        for source in files(folder) {
            let lines: Vec<_> = source.text.lines().collect();
            if lines.len() > LONGEST_FILE {
                wrong.push(format!("{folder}/{} has {} lines", source.path, lines.len()));
            }
            for (name, length) in
                functions(&lines).into_iter().filter(|(_, length)| *length > LONGEST_FUNCTION)
            {
                wrong.push(format!("{folder}/{}: {name} has {length} lines", source.path));
            }
        }
    }
    assert_none("Too long", &wrong);
}

/// The functions of formatted code, and how many lines each has: one ends where its indentation closes.
fn functions(lines: &[&str]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let (indentation, code) = line.split_at(line.len() - line.trim_start().len());
        let Some((before, name)) = code.split_once("fn ") else { continue };
        let begins = |word: &str| ["async", "const", "pub"].contains(&word) || word.starts_with("pub(");
        let opens = lines[start..].iter().find(|line| line.ends_with(['{', ';', '}']));
        if before.split_whitespace().all(begins) && opens.is_some_and(|line| line.ends_with('{')) {
            let end = lines[start..].iter().position(|line| *line == format!("{indentation}}}"));
            found.extend(end.map(|end| (path(name), end + 1)));
        }
    }
    found
}

#[test]
fn every_file_says_what_it_is_for() {
    let folders = ["src", "entity/src", "migration/src", "tests/it"];
    let silent = |folder: &'static str| {
        let files = files(folder).into_iter().filter(|source| !source.text.starts_with("//! "));
        files.map(move |source| format!("{folder}/{}", source.path))
    };
    assert_none("Files without a first sentence", &folders.into_iter().flat_map(silent).collect::<Vec<_>>());
}

#[test]
fn nothing_unfinished_and_no_end_without_words() {
    let mut wrong = Vec::new();
    for source in files("src") {
        // A constant that cannot be made does not compile: that is no end without words.
        for (number, line) in source.code().filter(|(_, line)| !line.starts_with("const ")) {
            if FORBIDDEN.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
        let lines = source.text.lines().enumerate();
        for (number, line) in lines.filter(|(_, line)| line.contains("TODO") || line.contains("FIXME")) {
            wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
        }
    }
    assert_none("Unfinished, or an end without words", &wrong);
}

#[test]
fn the_reader_of_sources_reads_them_rightly() {
    let code = "use crate::{api, page::x}; // no\nuse super::store::{self, Page};\nlet a = crate::store::node::BEAT;";
    assert_eq!(names_after("crate::", code), ["api", "page::x", "store::node::BEAT"]);
    assert_eq!(names_after("super::", code), ["store"]);
    let lines: Vec<_> = "impl A {\n    pub(super) async fn one(\n        a: u8,\n    ) -> u8 {\n        a\n    }\n}\nfn two() {}".lines().collect();
    assert_eq!(functions(&lines), [("one".to_owned(), 5)]);
    let text =
        "//! x\n// crate::api\nuse crate::domain;\n#[cfg(test)]\nmod tests {\n    use crate::api;\n}\n"
            .to_owned();
    assert_eq!(Source { path: "egress/x.rs".into(), text }.uses(), ["domain"]);
}
