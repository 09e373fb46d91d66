//! `[browser]`: Chromium, for source systems whose pages need their scripts.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::driver::browser::{Isolation, Settings};

/// A server of two gigabytes has room for these; each takes up to 80 megabytes.
const LIMIT: usize = 16;
/// More than one machine has processors for.
const MOST: usize = 512;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    program: Option<PathBuf>,
    #[serde(default)]
    isolation: RawIsolation,
    limit: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawIsolation {
    #[default]
    Context,
    Process,
}

/// The settings, with profiles in the data directory. The error names the key.
pub(super) fn settled(raw: Raw, data_dir: &Path) -> Result<Settings, (&'static str, String)> {
    let limit = raw.limit.map_or(Ok(LIMIT), |given| {
        let given = usize::try_from(given).ok().filter(|given| (1..=MOST).contains(given));
        given.ok_or_else(|| ("browser.limit", format!("must be 1 to {MOST}")))
    })?;
    if raw.program.as_ref().is_some_and(|program| !program.is_absolute()) {
        return Err(("browser.program", "must be a whole path such as /usr/bin/chromium".to_owned()));
    }
    let isolation = match raw.isolation {
        RawIsolation::Context => Isolation::Context,
        RawIsolation::Process => Isolation::Process,
    };
    Ok(Settings { program: raw.program, isolation, limit, profiles: data_dir.join("browser") })
}

#[cfg(test)]
mod tests {
    use super::super::tests::with_file;
    use super::*;

    #[test]
    fn without_settings_logins_share_a_chromium_that_is_found_on_the_system() {
        let browser = with_file("data_dir = '/x'").ok().unwrap().browser;

        assert_eq!((browser.program, browser.isolation, browser.limit), (None, Isolation::Context, LIMIT));
        assert_eq!(browser.profiles, Path::new("/x/browser"));
    }

    #[test]
    fn what_is_wrong_is_told_by_its_key() {
        for (text, told) in [
            ("isolation = 'tab'", "isolation: must be one of: context, process"),
            ("limit = 0", "browser.limit: must be 1 to 512"),
            ("limit = 513", "browser.limit: must be 1 to 512"),
            ("program = 'chromium'", "browser.program: must be a whole path"),
            ("programme = '/x'", "is not a setting; there are: program, isolation, limit"),
        ] {
            let error = with_file(&format!("[browser]\n{text}")).err().unwrap();
            assert!(error.contains(told), "{error}");
        }
        let settings = with_file("[browser]\nisolation = 'process'\nlimit = 3\nprogram = '/x'").ok().unwrap();
        assert_eq!((settings.browser.isolation, settings.browser.limit), (Isolation::Process, 3));
    }
}
