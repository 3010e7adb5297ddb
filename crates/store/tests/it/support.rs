//! A fresh database of each engine for each test.

use obol_store::Db;

/// A database of its own, removed with it.
pub struct Scratch {
    pub db: Db,
    _directory: Option<tempfile::TempDir>,
}

pub async fn sqlite() -> Scratch {
    let directory = tempfile::tempdir().unwrap();
    let db = Db::open(directory.path().join("obol.db").to_str().unwrap()).await.unwrap();
    Scratch { db, _directory: Some(directory) }
}

#[cfg(feature = "postgres-tests")]
pub async fn postgres() -> Scratch {
    use std::sync::atomic::{AtomicU32, Ordering};

    static NEXT: AtomicU32 = AtomicU32::new(0);
    #[expect(clippy::disallowed_methods, reason = "the test runner says where its PostgreSQL listens")]
    let server = std::env::var("OBOL_TEST_POSTGRES_URL").expect("OBOL_TEST_POSTGRES_URL names a PostgreSQL server");
    // The cluster is thrown away after the run, so the databases need no clean-up.
    let name = format!("store_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let admin: sqlx::PgPool = sqlx::PgPool::connect(&server).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
    admin.close().await;
    let (base, _) = server.rsplit_once('/').unwrap();
    Scratch { db: Db::open(&format!("{base}/{name}")).await.unwrap(), _directory: None }
}

/// Runs an async test body on each engine: `on_each_engine!(rule_it_states, |db| async { … });`
macro_rules! on_each_engine {
    ($name:ident, |$db:ident| $body:expr) => {
        mod $name {
            use super::*;

            async fn body($db: obol_store::Db) {
                $body.await;
            }

            #[tokio::test]
            async fn sqlite() {
                let scratch = crate::support::sqlite().await;
                body(scratch.db.clone()).await;
            }

            #[cfg(feature = "postgres-tests")]
            #[tokio::test]
            async fn postgres() {
                let scratch = crate::support::postgres().await;
                body(scratch.db.clone()).await;
                scratch.db.close().await;
            }
        }
    };
}
