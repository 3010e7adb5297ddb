//! A fresh database of each engine for each test.

use obol_store::Db;

/// A database of its own. A SQLite file is removed with it; a PostgreSQL database goes with its throw-away cluster.
pub struct Scratch {
    /// The open database.
    pub db: Db,
    /// What opened it, for opening it again.
    pub url: String,
    _directory: Option<tempfile::TempDir>,
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
        Self { db: Db::open(&url).await.unwrap(), url, _directory: Some(directory) }
    }

    /// A new database on the server that `OBOL_TEST_POSTGRES_URL` names.
    ///
    /// # Panics
    ///
    /// When there is no such server.
    #[cfg(feature = "postgres-tests")]
    #[expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that has no database cannot go on")]
    pub async fn postgres() -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};

        static NEXT: AtomicU32 = AtomicU32::new(0);
        #[expect(clippy::disallowed_methods, reason = "the test runner says where its PostgreSQL listens")]
        let server = std::env::var("OBOL_TEST_POSTGRES_URL").expect("OBOL_TEST_POSTGRES_URL names a PostgreSQL server");
        let name = format!("obol_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let create = format!("CREATE DATABASE {name}");
        let made =
            std::process::Command::new("psql").args([&server, "--quiet", "--command", &create]).status().unwrap();
        assert!(made.success(), "psql cannot make a database on {server}");
        let (base, _database) = server.rsplit_once('/').unwrap();
        let url = format!("{base}/{name}");
        Self { db: Db::open(&url).await.unwrap(), url, _directory: None }
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
