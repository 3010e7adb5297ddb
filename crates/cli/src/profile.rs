//! Profiles of the official command line: `~/.oci/config` and the `OCI_CLI_*` variables before it (contract analytics 6).

use std::path::{Path, PathBuf};

use obol_client::Secret;

use crate::{
    environment,
    failure::{Exit, Failure},
    secrets,
};

/// One profile, with what `[DEFAULT]` gives to all (as Python's ConfigParser has it) and the variables on top.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    values: Vec<(String, String)>,
    /// What to call it in messages.
    source: String,
}

impl Profile {
    /// Reads the profile: options before variables before files.
    pub(crate) fn load(file: Option<&Path>, name: Option<&str>) -> Result<Self, Failure> {
        let named = file.map(Path::to_path_buf).or_else(|| environment::oci_cli("CONFIG_FILE").map(PathBuf::from));
        let profile = name.map(str::to_owned).or_else(|| environment::oci_cli("PROFILE"));
        let path = expand(named.as_deref().unwrap_or(Path::new("~/.oci/config")));
        // Without a word about a file, its absence is no error yet: the variables may say all.
        if named.is_none() && profile.is_none() && !path.exists() {
            return Ok(Self { values: Vec::new(), source: format!("{} (which is not there)", path.display()) });
        }
        let text = secrets::read(&path).map_err(|failure| {
            failure.hint("--config-file names the profile file; a dev cloud writes one to obol-data/oci_config")
        })?;
        Self::parse(text.expose(), profile.as_deref().unwrap_or(DEFAULT), &path)
    }

    /// Picks a profile out of a file's text.
    fn parse(text: &str, name: &str, path: &Path) -> Result<Self, Failure> {
        let sections = sections(text);
        if name != DEFAULT && !sections.iter().any(|(section, ..)| section == name) {
            return Err(Failure::new(Exit::Local, format!("{} has no profile [{name}]", path.display()))
                .hint("--profile or OCI_CLI_PROFILE chooses the profile"));
        }
        // The profile's own values come after those of [DEFAULT], and the last one counts.
        let merged = [DEFAULT, name].into_iter().flat_map(|wanted| {
            let of_section = sections.iter().filter(move |(section, ..)| section.as_str() == wanted);
            of_section.map(|(_, key, value)| (key.clone(), value.clone()))
        });
        Ok(Self { values: merged.collect(), source: format!("[{name}] of {}", path.display()) })
    }

    /// A value: the variable's, else the file's last.
    pub(crate) fn get(&self, key: &str) -> Option<String> {
        let variable = key.to_ascii_uppercase();
        environment::oci_cli(&variable)
            .or_else(|| self.values.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.clone()))
    }

    /// A value that must be there.
    pub(crate) fn require(&self, key: &str) -> Result<String, Failure> {
        self.get(key).filter(|value| !value.is_empty()).ok_or_else(|| {
            Failure::new(Exit::Local, format!("the profile has no {key}"))
                .with(format!("looked in {}", self.source))
                .hint(format!(
                    "give --config-file and --profile, or OCI_CLI_{}; a dev cloud writes obol-data/oci_config",
                    key.to_ascii_uppercase()
                ))
        })
    }

    /// The private key's PEM text: `OCI_CLI_KEY_CONTENT`, else the file of `key_file`.
    pub(crate) fn key(&self) -> Result<(Secret, String), Failure> {
        if let Some(content) = environment::key_content() {
            return Ok((content, "OCI_CLI_KEY_CONTENT".to_owned()));
        }
        let path = expand(Path::new(&self.require("key_file")?));
        Ok((secrets::read(&path)?, path.display().to_string()))
    }
}

const DEFAULT: &str = "DEFAULT";

/// Section, key (lower case) and value of each line. Comments begin a line with `#` or `;`; an indented line goes on
/// with the value above it.
fn sections(text: &str) -> Vec<(String, String, String)> {
    let mut found: Vec<(String, String, String)> = Vec::new();
    let mut section = String::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.trim().clone_into(&mut section);
            // A section without keys is there all the same.
            found.push((section.clone(), String::new(), String::new()));
        } else if line.starts_with([' ', '\t'])
            && let Some((_, key, value)) = found.last_mut()
            && !key.is_empty()
        {
            value.push('\n');
            value.push_str(trimmed);
        } else if let Some((key, value)) = trimmed.split_once(['=', ':']) {
            found.push((section.clone(), key.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    found
}

/// Replaces a leading `~/` by the home directory.
pub(crate) fn expand(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), environment::home()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# a comment
[DEFAULT]
tenancy = ocid1.tenancy.oc1..a
region=us-ashburn-1
; another
[OTHER]
User: ocid1.user.oc1..b
region=eu-madrid-1
note=one
  two
[EMPTY]
";

    fn parse(name: &str) -> Result<Profile, Failure> {
        Profile::parse(FILE, name, Path::new("f"))
    }

    fn file_value(profile: &Profile, key: &str) -> Option<String> {
        profile.values.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    }

    #[test]
    fn a_profile_inherits_from_default() {
        let other = parse("OTHER").unwrap();
        assert_eq!(file_value(&other, "tenancy").as_deref(), Some("ocid1.tenancy.oc1..a"));
        assert_eq!(file_value(&other, "region").as_deref(), Some("eu-madrid-1"));
        assert_eq!(file_value(&other, "user").as_deref(), Some("ocid1.user.oc1..b"));
        assert_eq!(file_value(&other, "note").as_deref(), Some("one\ntwo"));
        assert_eq!(file_value(&parse("EMPTY").unwrap(), "region").as_deref(), Some("us-ashburn-1"));
        assert_eq!(file_value(&parse(DEFAULT).unwrap(), "user"), None);
    }

    #[test]
    fn an_unknown_profile_is_named() {
        assert!(parse("NONE").unwrap_err().to_string().contains("f has no profile [NONE]"));
    }
}
