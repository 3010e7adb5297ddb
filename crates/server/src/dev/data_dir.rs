//! The data directory: one process at a time, files that only its owner may read, replaced in one step.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// What a dev cloud may leave in its data directory, apart from the database.
const FILES: &[&str] = &["dev.env", DRAFT, "oci_config", "api_key.pem", "tokens.tok", "master.key"];
/// What stands for `dev.env` until the seed is in the database.
pub(super) const DRAFT: &str = ".dev.env.draft";

/// A data directory that this process holds for itself.
#[derive(Debug)]
pub struct DataDir {
    directory: PathBuf,
    _lock: File,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another process holds it.
    #[error("the data directory {} is in use by another dev cloud", .0.display())]
    InUse(PathBuf),
    /// A file of a name that a dev cloud would write is there, and no dev cloud wrote it.
    #[error("{} is there, and it is not of a dev cloud of this directory", .0.display())]
    Occupied(PathBuf),
    /// It cannot be read or written.
    #[error("{} cannot be {what}: {}", path.display(), plain(source))]
    Io {
        /// `made`, `read`, `written` or `removed`.
        what: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl DataDirError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::InUse(_) => "stop the other one, or choose another directory with --data-dir",
            Self::Occupied(_) => "nothing was changed; choose another directory with --data-dir",
            Self::Io { .. } => "choose a directory that this user can write with --data-dir",
        }
    }
}

fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

impl DataDir {
    /// Makes the directory when it is not there, and holds it until this value is dropped.
    ///
    /// # Errors
    ///
    /// [`DataDirError`]
    pub fn claim(directory: &Path) -> Result<Self, DataDirError> {
        let io = |what, path: &Path| {
            let path = path.to_owned();
            move |source| DataDirError::Io { what, path, source }
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(io("made", directory))?;
        let directory = directory.canonicalize().map_err(io("read", directory))?;
        let path = directory.join("obol.lock");
        let lock = private().truncate(false).open(&path).map_err(io("written", &path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { directory, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse(directory)),
            Err(TryLockError::Error(source)) => Err(DataDirError::Io { what: "locked", path, source }),
        }
    }

    /// The absolute path of a file in the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The directory, absolute.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Reads a file; `None` when it is not there.
    ///
    /// # Errors
    ///
    /// [`DataDirError`]
    pub fn read(&self, name: &str) -> Result<Option<String>, DataDirError> {
        match fs::read_to_string(self.path(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(DataDirError::Io { what: "read", path: self.path(name), source }),
        }
    }

    /// Writes a file that only its owner may read, in one step: a reader sees the old text or the new.
    ///
    /// # Errors
    ///
    /// [`DataDirError`]
    pub fn write(&self, name: &str, text: &str) -> Result<(), DataDirError> {
        let path = self.path(name);
        let draft = self.path(&format!(".{name}.new"));
        let written = (|| {
            let mut file = private().truncate(true).open(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        })();
        written.map_err(|source| DataDirError::Io { what: "written", path, source })
    }

    /// Gives a draft its final name, in one step.
    ///
    /// # Errors
    ///
    /// [`DataDirError`]
    pub fn publish(&self, draft: &str, name: &str) -> Result<(), DataDirError> {
        let path = self.path(name);
        fs::rename(self.path(draft), &path).map_err(|source| DataDirError::Io { what: "written", path, source })
    }

    /// Refuses a directory where a seed would overwrite somebody's files: those of an earlier dev cloud whose database
    /// is another, or of none. A seed that died half-way has left its draft, and may be made again.
    ///
    /// # Errors
    ///
    /// [`DataDirError::Occupied`]
    pub fn is_free(&self) -> Result<(), DataDirError> {
        let there = |name: &&str| self.path(name).exists();
        match ["dev.env", "oci_config", "api_key.pem", "tokens.tok"].iter().find(|name| there(name)) {
            Some(name) if !there(&DRAFT) => Err(DataDirError::Occupied(self.path(name))),
            Some(_) | None => Ok(()),
        }
    }

    /// Removes what earlier starts left, apart from the database.
    ///
    /// # Errors
    ///
    /// [`DataDirError`]; nothing is removed when no dev cloud wrote what is there.
    pub fn forget(&self) -> Result<(), DataDirError> {
        if !self.path("dev.env").exists() {
            self.is_free()?;
        }
        for name in FILES {
            match fs::remove_file(self.path(name)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(DataDirError::Io { what: "removed", path: self.path(name), source }),
            }
        }
        Ok(())
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).write(true).mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_directory_is_held_by_one_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let first = DataDir::claim(&parent.path().join("a/b")).unwrap();
        assert!(matches!(DataDir::claim(first.directory()), Err(DataDirError::InUse(_))));
        let directory = first.directory().to_owned();
        drop(first);
        DataDir::claim(&directory).unwrap();
    }

    #[test]
    fn files_are_private_and_replaced_whole() {
        let parent = tempfile::tempdir().unwrap();
        let data_dir = DataDir::claim(parent.path()).unwrap();
        assert_eq!(data_dir.read("dev.env").unwrap(), None);
        for text in ["a longer text", "short"] {
            data_dir.write("dev.env", text).unwrap();
            assert_eq!(data_dir.read("dev.env").unwrap().as_deref(), Some(text));
        }
        assert_eq!(fs::metadata(data_dir.path("dev.env")).unwrap().permissions().mode() & 0o777, 0o600);
        data_dir.forget().unwrap();
        assert_eq!(data_dir.read("dev.env").unwrap(), None);
    }

    #[test]
    fn files_that_no_dev_cloud_wrote_are_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let data_dir = DataDir::claim(parent.path()).unwrap();
        data_dir.is_free().unwrap();
        data_dir.write("api_key.pem", "mine").unwrap();
        assert!(matches!(data_dir.is_free(), Err(DataDirError::Occupied(_))));
        assert!(matches!(data_dir.forget(), Err(DataDirError::Occupied(_))));
        assert_eq!(data_dir.read("api_key.pem").unwrap().as_deref(), Some("mine"));
        data_dir.write(DRAFT, "of a seed that died").unwrap();
        data_dir.is_free().unwrap();
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let error = DataDir::claim(Path::new("/dev/null/obol-data")).unwrap_err();
        assert_eq!(error.to_string(), "/dev/null/obol-data cannot be made: not a directory");
    }
}
