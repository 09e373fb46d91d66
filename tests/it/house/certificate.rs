//! A certificate for stories about TLS.

use std::path::Path;
use std::process::Command;

use super::ended;

/// Makes a certificate that vouches for itself; returns its file and that of its key.
pub(crate) fn certificate(folder: &Path) -> [String; 2] {
    let [settings, file, key] =
        ["settings", "own.pem", "own.key"].map(|name| folder.join(name).display().to_string());
    let wanted = "[req]\nprompt = no\ndistinguished_name = name\nx509_extensions = more\n[name]\nCN = story\n\
        [more]\nsubjectAltName = IP:127.0.0.1\nbasicConstraints = critical, CA:FALSE\n";
    std::fs::write(&settings, wanted).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    let made = ended(openssl.args(["-config", &settings, "-out", &file, "-keyout", &key]));
    assert!(made.status.success(), "{made:?}");
    [file, key]
}
