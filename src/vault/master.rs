//! The operator's master keys: read from a setting or a file, which is made at the first start.
//!
//! One key a line, `<id 0..255>:<base64 of 32 bytes>`. The first seals and signs; the others still
//! open and verify what they sealed before. In a setting, commas may stand for line breaks.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rand::RngExt;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::domain::Secret;

pub(super) type HmacSha256 = Hmac<Sha256>;

/// The key file's name in the data directory.
const FILE: &str = "master.key";
/// 256 keys need less.
const MAX_FILE: u64 = 64 * 1024;

/// Why the master keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("the master key file {} cannot be read or made", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Other users of the machine can read the file.
    #[error("the master key file {} is open to other users; allow only its owner: chmod 600", .0.display())]
    Exposed(PathBuf),
    /// A line is not a key.
    #[error("line {line} of the master keys: {problem}; a line is <id 0..255>:<base64 of 32 bytes>")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it; never what it contains.
        problem: &'static str,
    },
    /// There is no line with a key.
    #[error("there is no master key")]
    Empty,
}

/// The master keys, the current one first. They never leave; only keys derived from them do.
pub struct MasterKeys(Vec<(u8, Zeroizing<[u8; 32]>)>);

impl MasterKeys {
    /// Reads keys that were given as a setting.
    ///
    /// # Errors
    /// [`KeyError::Line`] and [`KeyError::Empty`].
    pub fn read(text: &Secret) -> Result<Self, KeyError> {
        let mut keys: Vec<(u8, Zeroizing<[u8; 32]>)> = Vec::new();
        for (index, line) in text.expose().split(['\n', ',']).enumerate() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let (id, key) = key_of(line).map_err(|problem| KeyError::Line { line: index + 1, problem })?;
            if keys.iter().any(|(other, _)| *other == id) {
                return Err(KeyError::Line { line: index + 1, problem: "the id is there twice" });
            }
            keys.push((id, key));
        }
        if keys.is_empty() { Err(KeyError::Empty) } else { Ok(Self(keys)) }
    }

    /// Reads `<data_dir>/master.key`, and makes it with a fresh key if it is not there.
    ///
    /// Two starts at the same time agree on one key: the file appears whole or not at all.
    ///
    /// # Errors
    /// [`KeyError`], also if others may read the file.
    pub fn load_or_create(data_dir: &Path) -> Result<Self, KeyError> {
        let path = data_dir.join(FILE);
        let failed = |source| KeyError::File { path: path.clone(), source };
        match load(&path) {
            Err(KeyError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(data_dir).and_then(|()| create(data_dir, &path)).map_err(failed)?;
                load(&path)
            }
            loaded => loaded,
        }
    }

    /// The id of the key that seals and signs now.
    #[must_use]
    pub fn current(&self) -> u8 {
        self.0.first().map_or(0, |(id, _)| *id)
    }

    /// A MAC keyed for one `purpose` with each master key, the current one first.
    pub(super) fn derive(&self, purpose: &str) -> Vec<(u8, HmacSha256)> {
        self.subkeys(purpose).map(|(id, key)| (id, keyed(&key))).collect()
    }

    /// A key of 32 bytes for one `purpose` from each master key, the current one first.
    ///
    /// HMAC-SHA256 over the purpose: one step of HKDF-Expand (RFC 5869) on keys that are uniform already.
    pub(super) fn subkeys(&self, purpose: &str) -> impl Iterator<Item = (u8, Zeroizing<[u8; 32]>)> {
        self.0.iter().map(move |(id, master)| {
            let output = keyed(master).chain_update(purpose).finalize().into_bytes();
            (*id, Zeroizing::new(output.into()))
        })
    }
}

/// HMAC takes a key of any length; the fixed length spares the error case.
fn keyed(key: &[u8; 32]) -> HmacSha256 {
    let mut block = Zeroizing::new([0_u8; 64]);
    block[..32].copy_from_slice(key);
    // RFC 2104 pads a short key with zeros to the block, so this is the same key.
    HmacSha256::new((&*block).into())
}

fn key_of(line: &str) -> Result<(u8, Zeroizing<[u8; 32]>), &'static str> {
    let (id, key) = line.split_once(':').ok_or("the colon is missing")?;
    let id = id.trim().parse().map_err(|_| "the id is not 0 to 255")?;
    let bytes = Zeroizing::new(STANDARD.decode(key.trim()).map_err(|_| "the key is not base64")?);
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| "the key is not 32 bytes long")?;
    Ok((id, Zeroizing::new(key)))
}

fn load(path: &Path) -> Result<MasterKeys, KeyError> {
    let failed = |source| KeyError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    // Asked of the open file, so that nobody can exchange it in between.
    let about = file.metadata().map_err(failed)?;
    if about.permissions().mode() & 0o077 != 0 {
        return Err(KeyError::Exposed(path.to_owned()));
    }
    let mut text = String::with_capacity(usize::try_from(about.len().min(MAX_FILE)).unwrap_or(0) + 1);
    let outcome = file.take(MAX_FILE).read_to_string(&mut text);
    let text = Secret::new(text);
    outcome.map_err(failed)?;
    MasterKeys::read(&text)
}

/// Writes a file beside, flushes it, and links it into place: the link fails if another start was first.
fn create(data_dir: &Path, path: &Path) -> io::Result<()> {
    let mut rng = rand::rng();
    let key = Zeroizing::new(rng.random::<[u8; 32]>());
    let beside = data_dir.join(format!("{FILE}.{:016x}", rng.random::<u64>()));
    let line = Zeroizing::new(format!("1:{}\n", *Zeroizing::new(STANDARD.encode(*key))));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| match fs::hard_link(&beside, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome,
    });
    fs::remove_file(&beside)?;
    linked?;
    // The name itself must survive a power failure too: without the key, all secrets are lost.
    File::open(data_dir)?.sync_all()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Key 7 is current, key 3 is an old one.
    pub(crate) const TWO: &str = "7:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\
         3:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=\n";

    pub(crate) fn keys(text: &str) -> MasterKeys {
        MasterKeys::read(&Secret::new(text.to_owned())).ok().unwrap()
    }

    fn first_subkey(keys: &MasterKeys) -> [u8; 32] {
        *keys.subkeys("test").next().unwrap().1
    }

    #[test]
    fn the_first_key_is_the_current_one_whatever_separates_them() {
        for text in [TWO.to_owned(), TWO.replace('\n', ","), format!("\n  {TWO}  \n")] {
            let keys = keys(&text);
            assert_eq!(keys.current(), 7);
            assert_eq!(keys.derive("test").iter().map(|(id, _)| *id).collect::<Vec<_>>(), [7, 3]);
        }
    }

    #[test]
    fn keys_differ_by_purpose_and_by_master_key() {
        let keys = keys(TWO);
        let all: Vec<[u8; 32]> = keys.subkeys("a").chain(keys.subkeys("b")).map(|(_, key)| *key).collect();

        assert!(all.iter().enumerate().all(|(index, key)| !all[..index].contains(key)));
    }

    #[test]
    fn a_wrong_line_is_counted_and_never_shown() {
        let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let wrong = [
            (key.to_owned(), "the colon is missing"),
            (format!("256:{key}"), "the id is not"),
            (format!("-1:{key}"), "the id is not"),
            ("1:geheim!".to_owned(), "the key is not base64"),
            ("1:AAAA".to_owned(), "the key is not 32 bytes"),
            (format!("7:{key}"), "the id is there twice"),
        ];
        for (line, expected) in wrong {
            let error = MasterKeys::read(&Secret::new(format!("7:{key}\n{line}"))).err().unwrap();
            let words = format!("{error} {error:?}");
            assert!(words.contains(expected) && words.contains("line 2"), "{words}");
            assert!(!words.contains("AAEC") && !words.contains("geheim"), "{words}");
        }
        assert!(matches!(MasterKeys::read(&Secret::new(" \n".into())), Err(KeyError::Empty)));
    }

    #[test]
    fn the_file_is_made_once_for_its_owner_only_and_read_again() {
        let place = tempfile::tempdir().unwrap();
        let data_dir = place.path().join("data");

        let made = MasterKeys::load_or_create(&data_dir).unwrap();
        let read = MasterKeys::load_or_create(&data_dir).unwrap();

        assert_eq!(first_subkey(&made), first_subkey(&read));
        let about = fs::metadata(data_dir.join(FILE)).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&data_dir).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn many_first_starts_at_once_agree_on_one_key() {
        let place = tempfile::tempdir().unwrap();
        let start = || first_subkey(&MasterKeys::load_or_create(place.path()).unwrap());

        let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });

        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[test]
    fn a_start_that_comes_second_does_not_replace_the_key() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join(FILE);
        let content = || {
            create(place.path(), &path).unwrap();
            fs::read_to_string(&path).unwrap()
        };

        assert_eq!(content(), content());
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_with_what_to_do() {
        let place = tempfile::tempdir().unwrap();
        MasterKeys::load_or_create(place.path()).unwrap();
        let path = place.path().join(FILE);
        for mode in [0o640, 0o604, 0o660, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = MasterKeys::load_or_create(place.path()).err().unwrap();
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn an_empty_or_cut_off_file_is_an_error_and_never_replaced() {
        for content in ["", "1:AAEC", "\u{0}"] {
            let place = tempfile::tempdir().unwrap();
            let path = place.path().join(FILE);
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(MasterKeys::load_or_create(place.path()).is_err());
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
    }
}
