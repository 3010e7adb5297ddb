//! A fresh database of each engine for each test.

use obol_store::Db;

/// A database of its own, which is removed with it.
pub struct Scratch {
    /// The open database.
    pub db: Db,
    /// What opened it, for opening it again.
    pub url: String,
    _place: Place,
}

/// What holds the database, and takes it away when dropped.
enum Place {
    Directory {
        _removed_when_dropped: tempfile::TempDir,
    },
    #[cfg(feature = "postgres-tests")]
    Server {
        _removed_when_dropped: server::Made,
    },
}

impl Scratch {
    /// A new SQLite file.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    #[expect(clippy::unwrap_used, reason = "a test that has no database cannot go on")]
    pub async fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = directory.path().join("obol.db").display().to_string();
        let place = Place::Directory { _removed_when_dropped: directory };
        Self { db: Db::open(&url).await.unwrap(), url, _place: place }
    }

    /// A new database on the server that `OBOL_TEST_POSTGRES_URL` names.
    ///
    /// # Panics
    ///
    /// When there is no such server.
    #[cfg(feature = "postgres-tests")]
    #[expect(clippy::unwrap_used, reason = "a test that has no database cannot go on")]
    pub async fn postgres() -> Self {
        let made = server::Made::new();
        let url = made.url();
        let place = Place::Server { _removed_when_dropped: made };
        Self { db: Db::open(&url).await.unwrap(), url, _place: place }
    }
}

#[cfg(feature = "postgres-tests")]
mod server {
    use std::{
        hash::{BuildHasher as _, RandomState},
        process::{Command, ExitStatus, Stdio},
    };

    /// A database on the server that `OBOL_TEST_POSTGRES_URL` names, which may be somebody's own.
    pub(super) struct Made {
        server: String,
        name: String,
    }

    impl Made {
        #[expect(clippy::expect_used, reason = "a test that has no database cannot go on")]
        pub(super) fn new() -> Self {
            #[expect(clippy::disallowed_methods, reason = "the test runner says where its PostgreSQL listens")]
            let server = std::env::var("OBOL_TEST_POSTGRES_URL").expect("OBOL_TEST_POSTGRES_URL names a server");
            // Process ids come back; the keys of a new hasher do not.
            let name = format!("obol_test_{:016x}", RandomState::new().hash_one(std::process::id()));
            let made = psql(&server, &format!("CREATE DATABASE {name}")).expect("psql runs");
            assert!(made.success(), "psql cannot make a database on {server}");
            Self { server, name }
        }

        #[expect(clippy::expect_used, reason = "a test that has no database cannot go on")]
        pub(super) fn url(&self) -> String {
            let (base, _database) = self.server.rsplit_once('/').expect("the URL ends in a database's name");
            format!("{base}/{}", self.name)
        }
    }

    impl Drop for Made {
        fn drop(&mut self) {
            // By force, as pools and killed servers may still hold connections. A test that failed has said why; that
            // its database stays behind as well is not worth a second panic.
            let _ = psql(&self.server, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }

    fn psql(server: &str, statement: &str) -> std::io::Result<ExitStatus> {
        let mut psql = Command::new("psql");
        psql.args([server, "--quiet", "--no-psqlrc", "--command", statement]).stdout(Stdio::null()).status()
    }
}

/// Runs an async test body on each engine: `on_each_engine!(rule_it_states, |db| async move { … });`
#[macro_export]
macro_rules! on_each_engine {
    ($name:ident, |$db:ident| $body:expr) => {
        mod $name {
            use super::*;

            async fn body($db: obol_store::Db) {
                $body.await;
            }

            #[tokio::test]
            async fn sqlite() {
                let scratch = $crate::Scratch::sqlite().await;
                body(scratch.db.clone()).await;
            }

            #[cfg(feature = "postgres-tests")]
            #[tokio::test]
            async fn postgres() {
                let scratch = $crate::Scratch::postgres().await;
                body(scratch.db.clone()).await;
                scratch.db.close().await;
            }
        }
    };
}
