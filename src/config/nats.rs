//! `[nats.<name>]`: the broker connections that partners may have their events published on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::List;
use crate::domain::Secret;
use crate::domain::subject::Pattern;
use crate::egress::nats::{Login, Settings};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    #[serde(default)]
    url: List,
    subjects: Option<List>,
    user: Option<String>,
    password: Option<String>,
    token: Option<String>,
    nkey: Option<String>,
    creds: Option<PathBuf>,
    ca: Option<PathBuf>,
}

/// Which setting is wrong, and how.
type Bad = (String, String);

/// Every connection under its name.
pub(super) fn settled(raw: BTreeMap<String, Raw>) -> Result<BTreeMap<String, Settings>, Bad> {
    let one = |(name, raw): (String, Raw)| {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
            let problem = "a name must be 1 to 64 of a to z, 0 to 9, - and _";
            return Err((format!("nats.{name}"), problem.to_owned()));
        }
        let settings = connection(raw).map_err(|(key, problem)| (format!("nats.{name}.{key}"), problem))?;
        Ok((name, settings))
    };
    raw.into_iter().map(one).collect()
}

fn connection(raw: Raw) -> Result<Settings, (&'static str, String)> {
    let servers = raw.url.items().map(|text| text.parse().map_err(|error| ("url", format!("{error}"))));
    let servers: Vec<_> = servers.collect::<Result<_, _>>()?;
    if servers.is_empty() {
        return Err(("url", "is needed, such as nats://127.0.0.1:4222".to_owned()));
    }
    let subjects = match &raw.subjects {
        Some(list) => list
            .items()
            .map(|text| text.parse().map_err(|error| ("subjects", format!("`{text}`: {error}"))))
            .collect::<Result<_, _>>()?,
        None => vec![Pattern::any()],
    };
    let ca = raw.ca.clone();
    Ok(Settings { servers, login: login(raw)?, ca, subjects })
}

fn login(raw: Raw) -> Result<Login, (&'static str, String)> {
    let needs = |other: &str| format!("nats.<name>.{other} is needed as well");
    let password = match (raw.user, raw.password) {
        (Some(user), Some(password)) => Some(("user", Login::Password(user, Secret::new(password)))),
        (Some(_), None) => return Err(("user", needs("password"))),
        (None, Some(_)) => return Err(("password", needs("user"))),
        (None, None) => None,
    };
    let given = [
        password,
        raw.token.map(|token| ("token", Login::Token(Secret::new(token)))),
        raw.nkey.map(|seed| ("nkey", Login::NKey(Secret::new(seed)))),
        raw.creds.map(|file| ("creds", Login::File(file))),
    ];
    let mut given = given.into_iter().flatten();
    let first = given.next();
    match given.next() {
        Some((key, _)) => {
            Err((key, "only one of user and password, token, nkey and creds can be there".to_owned()))
        }
        None => Ok(first.map_or(Login::Nobody, |(_, login)| login)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::with_file;

    fn told(text: &str) -> String {
        with_file(&format!("[nats.main]\n{text}")).err().unwrap_or_else(|| "taken".to_owned())
    }

    #[test]
    fn a_connection_has_servers_one_way_to_log_in_and_subjects() {
        let text = "url = ['nats://a:1', 'tls://b']\nuser = 'u'\npassword = 'p'\nsubjects = 'events.>, x'";
        let settings = with_file(&format!("[nats.main]\n{text}")).ok().unwrap();

        let main = &settings.nats["main"];
        assert_eq!((main.servers.len(), main.subjects.len()), (2, 2));
        assert!(with_file("[nats.a]\nurl = 'nats://a'\n[nats.b]\nurl = 'nats://b'").is_ok());
    }

    #[test]
    fn what_is_wrong_is_told_by_its_key_and_never_by_a_secret() {
        let url = "url = 'nats://a'";
        let bad = [
            "",
            "url = 'http://a'",
            "url = 'nats://user:geheim@a'",
            &format!("{url}\nuser = 'u'"),
            &format!("{url}\npassword = 'geheim'"),
            &format!("{url}\ntoken = 'geheim'\nnkey = 'geheim'"),
            &format!("{url}\ntoken = 7"),
            &format!("{url}\nsubject = 'x'"),
            &format!("{url}\nsubjects = ['a..b']"),
        ];
        let told: Vec<_> = bad.iter().map(|text| told(text)).collect();

        insta::assert_snapshot!(told.join("\n"));
        assert!(!told.join("\n").contains("geheim"));
        let name = with_file("[nats.Main]\nurl = 'nats://a'").err().unwrap();
        assert!(name.starts_with("nats.Main: a name must be"), "{name}");
    }
}
