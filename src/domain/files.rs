//! Which files a run takes, and how many bytes of them.

/// What the operator allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLimits {
    /// Bytes of one file.
    pub file_bytes: usize,
    /// Bytes of all files of a run.
    pub run_bytes: usize,
    /// `type/subtype`, or `type/*` for all of a family.
    pub types: Vec<String>,
}

/// A file is held in memory once while it is sealed.
const FILE_BYTES: usize = 10 * 1024 * 1024;
/// A dozen statements and a few pictures.
const RUN_BYTES: usize = 50 * 1024 * 1024;
/// What accounts, invoices and exports come as. No pages: a sign-in would be taken for a file.
const TYPES: [&str; 18] = [
    "application/pdf",
    "application/json",
    "application/xml",
    "application/zip",
    "application/gzip",
    "application/octet-stream",
    "application/rtf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.text",
    "application/x-ofx",
    "text/csv",
    "text/plain",
    "text/xml",
    "image/*",
];

impl Default for FileLimits {
    fn default() -> Self {
        Self { file_bytes: FILE_BYTES, run_bytes: RUN_BYTES, types: TYPES.map(str::to_owned).into() }
    }
}
