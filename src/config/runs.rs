//! The settings of runs: which files they take.

use std::ops::RangeInclusive;

use serde::Deserialize;

use super::list::List;
use crate::domain::FileLimits;

/// What the operator may say: a file is in memory once while it is fetched.
const FILE_BYTES: RangeInclusive<u64> = 1..=100 * 1024 * 1024;
/// What the operator may say: the database holds them.
const RUN_BYTES: RangeInclusive<u64> = 1..=1024 * 1024 * 1024;

/// `[runs]` as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    file_bytes: Option<u64>,
    run_bytes: Option<u64>,
    file_types: Option<List>,
}

impl Raw {
    /// The limits, or the key that is wrong and what is allowed.
    pub(super) fn settled(self) -> Result<FileLimits, (&'static str, String)> {
        let usual = FileLimits::default();
        let types = self.file_types.map(|types| types.items().collect::<Vec<_>>());
        if let Some(bad) = types.iter().flatten().find(|text| !is_type(text)) {
            let problem = format!("must be types such as application/pdf or image/*, and {bad} is not one");
            return Err(("runs.file_types", problem));
        }
        Ok(FileLimits {
            file_bytes: bytes("runs.file_bytes", self.file_bytes, FILE_BYTES)?.unwrap_or(usual.file_bytes),
            run_bytes: bytes("runs.run_bytes", self.run_bytes, RUN_BYTES)?.unwrap_or(usual.run_bytes),
            types: types.unwrap_or(usual.types),
        })
    }
}

fn bytes(
    key: &'static str,
    given: Option<u64>,
    allowed: RangeInclusive<u64>,
) -> Result<Option<usize>, (&'static str, String)> {
    let Some(given) = given else { return Ok(None) };
    let fits = usize::try_from(given).ok().filter(|_| allowed.contains(&given));
    let problem = || (key, format!("must be {} to {} bytes", allowed.start(), allowed.end()));
    fits.map(Some).ok_or_else(problem)
}

fn is_type(text: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic());
    let halves = text.split_once('/');
    halves.is_some_and(|(kind, sub)| word(kind) && word(sub) && !sub.contains('/') && !kind.contains('*'))
        && text == text.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::tests::with_file;

    #[test]
    fn limits_of_files_are_read_and_bad_ones_told_by_their_key() {
        let settings =
            with_file("runs = { file_bytes = 1000, file_types = ['text/csv', 'image/*'] }").unwrap();
        assert_eq!((settings.files.file_bytes, settings.files.run_bytes), (1000, 50 * 1024 * 1024));
        assert_eq!(settings.files.types, ["text/csv", "image/*"]);

        for (text, key) in [
            ("runs.file_bytes = 0", "runs.file_bytes"),
            ("runs.run_bytes = 2000000000", "runs.run_bytes"),
            ("runs.file_types = ['pdf']", "runs.file_types"),
            ("runs.file_types = ['*/*']", "runs.file_types"),
        ] {
            let told = with_file(text).err().unwrap();
            assert!(told.starts_with(&format!("{key}: must be ")), "{told}");
        }
    }
}
