//! Where secrets come from: a file, standard input, the environment, or a prompt. Never the command line, which
//! everybody on the machine can read.

use std::{
    fs,
    io::{self, IsTerminal as _, Read as _, Write as _},
    path::Path,
};

use obol_client::Secret;

use crate::failure::{Exit, Failure};

/// The longest text that is read where a secret or a token is expected, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// Reads a file, or standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<Secret, Failure> {
    let read =
        if path == Path::new("-") { read_all(io::stdin().lock()) } else { fs::File::open(path).and_then(read_all) };
    read.map_err(|error| Failure::new(Exit::Local, format!("{} cannot be read", path.display())).because(&error))
}

fn read_all(source: impl io::Read) -> io::Result<Secret> {
    let mut text = String::new();
    // One more than is allowed, so that a longer text is seen and not cut.
    let read = source.take(LONGEST + 1).read_to_string(&mut text);
    let text = Secret::new(text);
    match u64::try_from(read?) {
        Ok(length) if length <= LONGEST => Ok(text),
        Ok(_) | Err(_) => {
            Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is longer than {LONGEST} bytes")))
        }
    }
}

/// The first that is given, of a file (without the new line at its end), a variable, and a prompt where there is
/// somebody to ask.
pub(crate) fn choose(
    what: &str,
    file: Option<&Path>,
    variable: Option<Secret>,
    options: &str,
) -> Result<Secret, Failure> {
    let secret = match (file, variable) {
        (Some(path), _) => {
            let text = read(path)?;
            Secret::new(text.expose().strip_suffix('\n').map_or(text.expose(), |text| text.trim_end_matches('\r')))
        }
        (None, Some(secret)) => secret,
        (None, None) if io::stdin().is_terminal() => {
            rpassword::prompt_password(format!("{what}: "))
                .map(Secret::new)
                .map_err(|error| Failure::new(Exit::Local, format!("the {what} cannot be asked for")).because(&error))?
        }
        (None, None) => Secret::default(),
    };
    if secret.is_empty() {
        return Err(Failure::new(Exit::Usage, format!("no {what}")).hint(options.to_owned()));
    }
    Ok(secret)
}

/// Writes a file that its owner alone can read, whole or not at all.
pub(crate) fn write(path: &Path, text: &Secret) -> Result<(), Failure> {
    let written = (|| {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&part)?;
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        file.write_all(text.expose().as_bytes())?;
        file.write_all(b"\n")?;
        fs::rename(&part, path)
    })();
    written.map_err(|error: io::Error| {
        Failure::new(Exit::Local, format!("{} cannot be written", path.display())).because(&error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_refused_not_cut() {
        let longest = usize::try_from(LONGEST).unwrap();
        let text = "a".repeat(longest + 1);
        assert_eq!(read_all(&text.as_bytes()[..longest]).unwrap().expose().len(), longest);
        let error = read_all(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "it is longer than 1048576 bytes");
        assert!(read_all(&b"\xff"[..]).is_err());
    }
}
