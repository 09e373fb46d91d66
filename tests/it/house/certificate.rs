//! Certificates for stories about TLS.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::ended;

/// What is written in a certificate.
#[derive(Clone, Copy)]
pub(crate) struct Wording {
    /// Whose it is.
    pub(crate) name: &'static str,
    /// From when to when it is good, as OpenSSL writes times.
    pub(crate) times: [&'static str; 2],
}

/// One that is as it should be.
pub(crate) const GOOD: Wording =
    Wording { name: "IP:127.0.0.1", times: ["20200101000000Z", "20490101000000Z"] };

/// What OpenSSL needs to know to sign something; `{name}` is whose it is, `{folder}` where files go.
const SETTINGS: &str = "[req]\nprompt = no\ndistinguished_name = name\n[name]\nCN = story\n\
    [more]\nsubjectAltName = {name}\nbasicConstraints = critical, CA:FALSE\n\
    [ca]\ndefault_ca = own\n[own]\ndatabase = {folder}/issued\nnew_certs_dir = {folder}\nrand_serial = yes\n\
    default_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n";

/// Makes a certificate that vouches for itself; returns its file and that of its key.
pub(crate) fn certificate(folder: &Path) -> [String; 2] {
    certificate_with(folder, GOOD)
}

/// The same with another wording.
pub(crate) fn certificate_with(folder: &Path, wording: Wording) -> [String; 2] {
    fs::create_dir_all(folder).unwrap();
    let [settings, issued, wanted, file, key] = ["settings", "issued", "own.csr", "own.pem", "own.key"]
        .map(|name| folder.join(name).display().to_string());
    let text = SETTINGS.replace("{name}", wording.name).replace("{folder}", &folder.display().to_string());
    fs::write(&settings, text).unwrap();
    fs::write(issued, "").unwrap();
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    openssl(
        &["req", "-new", "-nodes", curve[0], curve[1], curve[2], curve[3]],
        &["-config", &settings, "-out", &wanted, "-keyout", &key],
    );
    let [from, until] = wording.times;
    openssl(
        &["ca", "-batch", "-selfsign", "-notext", "-extensions", "more"],
        &[
            "-config",
            &settings,
            "-keyfile",
            &key,
            "-in",
            &wanted,
            "-out",
            &file,
            "-startdate",
            from,
            "-enddate",
            until,
        ],
    );
    [file, key]
}

fn openssl(what: &[&str], files: &[&str]) {
    let made = ended(Command::new("openssl").args(what).args(files));
    assert!(made.status.success(), "{made:?}");
}
