//! What a dev cloud left in its data directory, and requests signed with it, as bytes for the wire.

use std::{fs, io, path::Path, time::SystemTime};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use obol_protocol::{
    Timestamp,
    oci::signature::{PrivateKey, Signer},
};

/// `dev.env`, `oci_config` and `api_key.pem`, read.
pub struct DevEnv {
    exports: String,
    signer: Signer,
}

impl DevEnv {
    /// Reads the files of a data directory.
    ///
    /// # Errors
    ///
    /// When a file is not there, or not as the dev cloud writes it.
    pub fn read(data_dir: &Path) -> io::Result<Self> {
        let exports = fs::read_to_string(data_dir.join("dev.env"))?;
        let config = fs::read_to_string(data_dir.join("oci_config"))?;
        let value = |name: &str| {
            let found = config.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix('='));
            found.map(str::trim).ok_or_else(|| unusable("oci_config", name))
        };
        let key = PrivateKey::from_pem(&fs::read_to_string(data_dir.join("api_key.pem"))?)
            .map_err(|_| unusable("api_key.pem", "key"))?;
        let fingerprint = value("fingerprint")?.parse().map_err(|_| unusable("oci_config", "fingerprint"))?;
        Ok(Self { exports, signer: Signer::api_key(value("tenancy")?, value("user")?, &fingerprint, key) })
    }

    /// The value of an export.
    ///
    /// # Panics
    ///
    /// When `dev.env` does not have it.
    #[expect(clippy::panic, reason = "a test cannot go on without it")]
    pub fn get(&self, name: &str) -> &str {
        let start = format!("export {name}='");
        let found = self.exports.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix('\''));
        found.unwrap_or_else(|| panic!("dev.env has no {name}"))
    }

    /// The client's credentials as HTTP Basic.
    pub fn basic(&self) -> String {
        let pair = format!("{}:{}", self.get("OBOL_CLIENT_ID"), self.get("OBOL_CLIENT_SECRET"));
        format!("Basic {}", STANDARD.encode(pair))
    }

    /// A whole request, signed with the administrator's API key at the system's time, with extra headers unsigned.
    ///
    /// # Panics
    ///
    /// When a value cannot stand in a header.
    #[expect(clippy::unwrap_used, reason = "a test cannot go on without it")]
    pub fn signed(&self, method: &str, target: &str, host: &str, body: &str, extra: &[(&str, &str)]) -> Vec<u8> {
        #[expect(clippy::disallowed_methods, reason = "a signature carries the time it is made at")]
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let wall = Timestamp::from_micros(0).plus(since_epoch);
        let headers = self.signer.sign(&method.parse().unwrap(), target, host, body.as_bytes(), wall).unwrap();
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let mut text = format!("{method} {target} HTTP/1.1\r\n");
        for (name, value) in headers.chain(extra.iter().copied()) {
            text.extend([name, ": ", value, "\r\n"]);
        }
        text.push_str("\r\n");
        text.push_str(body);
        text.into_bytes()
    }
}

fn unusable(file: &str, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{file} has no usable {what}"))
}
