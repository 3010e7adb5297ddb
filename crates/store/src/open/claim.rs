//! Who may use a database beside whom. One dev cloud at a time: a second one would erase or seed under the first one's feet.
//! Any number of servers on PostgreSQL, one on SQLite, and none beside a dev cloud.

use std::{
    fs::{self, File, TryLockError},
    os::unix::fs::OpenOptionsExt as _,
};

use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};

use super::{OpenError, Place, server, unreachable, unusable};

/// Held for as long as this value lives, or the process.
#[derive(Debug)]
pub struct Claim {
    _held: Held,
}

#[derive(Debug)]
#[expect(dead_code, reason = "what is held ends when it is dropped; nobody looks at it")]
enum Held {
    File(File),
    Session(Box<PgConnection>),
}

impl Claim {
    /// Claims a database: a SQLite file by a lock beside it, a PostgreSQL database by an advisory lock. A session of a
    /// process that was just killed may hold it for a moment longer, so the server is given three seconds.
    ///
    /// # Errors
    ///
    /// [`OpenError::InUse`], or the reason why it cannot be reached.
    pub async fn take(url: &str) -> Result<Self, OpenError> {
        Self::hold(url, "pg_advisory_lock").await
    }

    /// Claims a database beside others that share it, where the engine allows for others: a SQLite file is one server's.
    ///
    /// # Errors
    ///
    /// Those of [`Claim::take`].
    pub async fn share(url: &str) -> Result<Self, OpenError> {
        Self::hold(url, "pg_advisory_lock_shared").await
    }

    async fn hold(url: &str, lock: &'static str) -> Result<Self, OpenError> {
        match Place::parse(url)? {
            Place::Sqlite(file) => {
                let mut lock = file.clone().into_os_string();
                lock.push(".lock");
                let options = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(lock);
                let lock = options.map_err(|error| unusable(&file)(error.into()))?;
                match lock.try_lock() {
                    Ok(()) => Ok(Self { _held: Held::File(lock) }),
                    Err(TryLockError::WouldBlock) => Err(OpenError::InUse { place: file.display().to_string() }),
                    Err(TryLockError::Error(error)) => Err(unusable(&file)(error.into())),
                }
            }
            Place::Postgres(options) => {
                let mut session = options.connect().await.map_err(unreachable(&options))?;
                let claimed = format!("SET lock_timeout = '3s'; SELECT {lock}(1868721004)");
                let claimed = sqlx::raw_sql(AssertSqlSafe(claimed));
                match claimed.execute(&mut session).await {
                    Ok(_) => Ok(Self { _held: Held::Session(Box::new(session)) }),
                    Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == "55P03") => {
                        let database = options.get_database().unwrap_or_default();
                        Err(OpenError::InUse { place: format!("{}/{database}", server(&options)) })
                    }
                    Err(error) => Err(unreachable(&options)(error)),
                }
            }
        }
    }
}
