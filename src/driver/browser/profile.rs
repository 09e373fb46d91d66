//! Where one Chromium keeps what it writes: a directory of its own, gone with it.
//!
//! A lock file says that its server lives. What a server has left that was killed is swept away when the next
//! one starts: its directories, and processes that still use them.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A directory that is removed with this value.
pub(super) struct Profile {
    dir: PathBuf,
    lock: PathBuf,
    _held: File,
}

impl Profile {
    /// Makes an empty directory in `root`, for the server's own user only.
    pub(super) fn create(root: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(root)?;
        let name = uuid::Uuid::new_v4().simple().to_string();
        let (dir, lock) = (root.join(&name), root.join(format!("{name}.lock")));
        let held = File::create(&lock)?;
        held.try_lock()?;
        DirBuilder::new().mode(0o700).create(&dir)?;
        Ok(Self { dir, lock, _held: held })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        remove(&self.dir, &self.lock);
    }
}

/// Removes what servers have left in `root` that are no more; returns how many directories that were.
pub(super) fn sweep(root: &Path) -> usize {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let locks =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "lock"));
    let left = locks.filter(|lock| File::open(lock).is_ok_and(|file| file.try_lock().is_ok()));
    left.map(|lock| {
        let dir = lock.with_extension("");
        processes_in(&dir).for_each(kill);
        remove(&dir, &lock);
    })
    .count()
}

fn remove(dir: &Path, lock: &Path) {
    // A process that is just dying may still write: a second look finds it gone.
    for _ in 0..3 {
        match fs::remove_dir_all(dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => continue,
            _ => break,
        }
    }
    if !dir.exists() {
        // What stays is swept at the next start.
        drop(fs::remove_file(lock));
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

fn kill(process: String) {
    let silent = || Stdio::null();
    // It may have ended by itself in between.
    drop(Command::new("kill").args(["-KILL", &process]).stdout(silent()).stderr(silent()).status());
}
