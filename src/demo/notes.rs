//! What the demo writes down, so that a second start goes on with the first one's data.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// The file in the data directory, readable by its owner only: it holds an API key.
const FILE: &str = "demo.json";

/// The notes.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// Where the sandbox was.
    pub sandbox: Option<SocketAddr>,
    /// Where the receiver was.
    pub receiver: Option<SocketAddr>,
    /// Where the server tells its metrics now.
    #[serde(skip)]
    pub metrics: Option<SocketAddr>,
    /// The partner's key.
    pub api_key: Option<String>,
    /// The job, for the sandbox at `job_at`.
    pub job_id: Option<String>,
    /// Where the sandbox was when the job was made.
    pub job_at: Option<SocketAddr>,
    /// What the receiver verifies with, at `webhook_at`.
    pub webhook_secret: Option<String>,
    /// Where the receiver was when it was registered.
    pub webhook_at: Option<SocketAddr>,
    /// The last link.
    pub link_id: Option<String>,
}

impl Notes {
    /// Reads the notes; none yet is an empty page.
    ///
    /// # Errors
    /// If there is a file that cannot be read.
    pub fn read(data_dir: &Path) -> anyhow::Result<Self> {
        let path = data_dir.join(FILE);
        match File::open(&path) {
            Ok(file) => serde_json::from_reader(file).with_context(|| format!("reading {}", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }

    /// Writes the notes: whole or not at all.
    ///
    /// # Errors
    /// If the directory cannot be written to.
    pub fn write(&self, data_dir: &Path) -> anyhow::Result<()> {
        let (path, draft) = (data_dir.join(FILE), data_dir.join("demo.json.new"));
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        std::fs::rename(&draft, &path).with_context(|| format!("writing {}", path.display()))
    }
}
