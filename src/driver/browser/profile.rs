//! Where one Chromium keeps what it writes: a directory of its own, gone with it.
//!
//! A lock file says that its server lives. What a server has left that was killed is swept away when the next
//! one starts: its directories, and processes that still use them.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What a lock's name ends with.
const LOCK: &str = "lock";
/// How often it is looked whether a process that was killed has died.
const TRIES: u32 = 100;
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// A directory that is removed with this value.
pub(super) struct Profile {
    dir: PathBuf,
    _held: File,
}

impl Profile {
    /// Makes an empty directory in `root`, for the server's own user only.
    pub(super) fn create(root: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(root)?;
        let name = uuid::Uuid::new_v4().simple().to_string();
        let dir = root.join(name);
        let held = File::create(dir.with_extension(LOCK))?;
        held.try_lock()?;
        DirBuilder::new().mode(0o700).create(&dir)?;
        Ok(Self { dir, _held: held })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        remove(&self.dir);
    }
}

/// Removes what servers have left in `root` that are no more; returns how many directories that were.
pub(super) fn sweep(root: &Path) -> usize {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let names: BTreeSet<PathBuf> = entries.map(|entry| entry.path().with_extension("")).collect();
    // The lock is there before its directory is: one without a lock is nobody's.
    let is_left = |dir: &PathBuf| match File::open(dir.with_extension(LOCK)) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    let left = names.into_iter().filter(is_left);
    left.map(|dir| {
        processes_in(&dir).for_each(|process| kill(&process));
        remove(&dir);
    })
    .count()
}

/// Removes a directory and its lock as soon as nobody can write there any more.
fn remove(dir: &Path) {
    for _ in 0..TRIES {
        if processes_in(dir).next().is_none() {
            break;
        }
        std::thread::sleep(PAUSE);
    }
    // What stays is swept at the next start.
    drop(fs::remove_dir_all(dir));
    if !dir.exists() {
        drop(fs::remove_file(dir.with_extension(LOCK)));
    }
}

/// Processes that were started with this directory.
fn processes_in(dir: &Path) -> impl Iterator<Item = String> {
    let mark = format!("--user-data-dir={}\0", dir.display());
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(move |entry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let uses = String::from_utf8_lossy(&line).contains(&mark);
        uses.then(|| entry.file_name().to_string_lossy().into_owned())
    })
}

fn kill(process: &str) {
    let silent = || Stdio::null();
    // It may have ended by itself in between.
    drop(Command::new("kill").args(["-KILL", process]).stdout(silent()).stderr(silent()).status());
}
