//! Opening a database: where it is, whether it is ours to touch, and who holds it.
//!
//! A file or a schema that holds anything but Obol's own tables is left alone, whatever was asked for: nobody's data should
//! be migrated, let alone erased, because of a slip in a URL.

mod claim;
mod owner;

use std::{
    fs, io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, Connection as _,
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgSslMode},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

pub use self::claim::Claim;
use crate::{Db, migrations, readers::Readers};

/// How many connections one node keeps to PostgreSQL.
pub(crate) const POSTGRES_CONNECTIONS: u32 = 16;
/// How long a statement waits for a connection before the caller is told the database is not available.
const ACQUIRE: Duration = Duration::from_secs(5);
/// The first SQLite release without the WAL-reset corruption bug.
const SQLITE_FLOOR: (u32, u32, u32) = (3, 51, 3);

/// Why a database could not be opened. `Display` says what and where; [`OpenError::hint`] what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is neither a file nor `postgres://…`.
    #[error("the database URL is not understood")]
    Url,
    /// The URL asks for TLS, which connections to the database do not have.
    #[error("connections to the database have no TLS, and the URL asks for it")]
    Tls,
    /// The file could not be read or written.
    #[error("the database {place} cannot be used: {reason}")]
    File {
        /// The file.
        place: String,
        /// The system's or the driver's reason.
        reason: String,
    },
    /// The server could not be reached, or let nobody in.
    #[error("the database at {place} cannot be reached: {reason}")]
    Server {
        /// Host and port; never a password.
        place: String,
        /// The driver's reason.
        reason: String,
    },
    /// It holds something that Obol did not make.
    #[error("the database {place} holds something that Obol did not make")]
    Foreign {
        /// The file, or host, port and database.
        place: String,
    },
    /// Another dev cloud holds it.
    #[error("the database {place} is in use by another dev cloud")]
    InUse {
        /// The file, or host, port and database.
        place: String,
    },
    /// The linked SQLite has a bug that can damage the file.
    #[error("SQLite {found} is older than 3.51.3, which can corrupt a database in WAL mode")]
    Engine {
        /// The version found.
        found: String,
    },
    /// A migration failed, or the database was made by a newer Obol.
    #[error("the database {place} cannot be brought up to date: {reason}")]
    Migration {
        /// The file, or host, port and database.
        place: String,
        /// The driver's reason.
        reason: String,
    },
}

impl OpenError {
    /// What whoever runs the server can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Url => "give a file, sqlite:FILE, or postgres://user@host/database",
            Self::Tls => "leave sslmode out, and reach the server over loopback, a socket or a private network",
            Self::File { .. } => "choose a file in a directory that this user can write",
            Self::Server { .. } => "check that the server runs, and the URL, the user and the password",
            Self::Foreign { .. } => "give Obol a file or a database of its own; nothing was changed",
            Self::InUse { .. } => "stop the other one, or choose another database",
            Self::Engine { .. } => "build Obol with its bundled SQLite",
            Self::Migration { .. } => "use the Obol that made this database, or a newer one",
        }
    }
}

/// Where a database URL points.
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

impl Place {
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options: PgConnectOptions = url.parse().map_err(|_| OpenError::Url)?;
            // sqlx is built without TLS here: the server is reached over loopback, a socket or a private network. Whoever
            // asks for more must not get less.
            match options.get_ssl_mode() {
                PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull => return Err(OpenError::Tls),
                PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => {}
            }
            let options = options.ssl_mode(PgSslMode::Disable).statement_cache_capacity(256);
            return Ok(Self::Postgres(Box::new(options)));
        }
        let file = url.strip_prefix("sqlite:").map_or(url, |rest| rest.strip_prefix("//").unwrap_or(rest));
        // Neither a database in memory, which each connection would have for itself, nor parameters of a SQLite URI.
        if file.is_empty() || file.contains("://") || file.contains(":memory:") || file.contains('?') {
            return Err(OpenError::Url);
        }
        Ok(Self::Sqlite(PathBuf::from(file)))
    }
}

fn server(options: &PgConnectOptions) -> String {
    format!("{}:{}", options.get_host(), options.get_port())
}

fn unreachable(options: &PgConnectOptions) -> impl Fn(sqlx::Error) -> OpenError + use<> {
    let place = server(options);
    move |error| OpenError::Server { place: place.clone(), reason: reason(&error) }
}

fn unusable(file: &Path) -> impl Fn(sqlx::Error) -> OpenError + use<> {
    let place = file.display().to_string();
    move |error| OpenError::File { place: place.clone(), reason: reason(&error) }
}

pub(crate) async fn sqlite(file: &Path) -> Result<Db, OpenError> {
    let unusable = unusable(file);
    // The file holds hashes and sealed keys: its owner's alone. SQLite gives its companions the same mode.
    let made = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(file);
    made.map_err(|error| unusable(error.into()))?;
    owner::sqlite_is_ours(file)?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(ACQUIRE)
        .statement_cache_capacity(256);
    let write = pool(1).connect_with(options).await.map_err(&unusable)?;
    let (version,): (String,) = sqlx::query_as("SELECT sqlite_version()").fetch_one(&write).await.map_err(&unusable)?;
    if parse_version(&version) < SQLITE_FLOOR {
        return Err(OpenError::Engine { found: version });
    }
    let place = file.display().to_string();
    migrations::run_sqlite(&write)
        .await
        .map_err(|error| OpenError::Migration { place: place.clone(), reason: error.to_string() })?;
    let read = Readers::open(file, ACQUIRE).map_err(|error| OpenError::File { place, reason: error.to_string() })?;
    Ok(Db::Sqlite { read: Arc::new(read), write })
}

pub(crate) async fn postgres(options: PgConnectOptions) -> Result<Db, OpenError> {
    let unreachable = unreachable(&options);
    // The pool would go on trying a server that refuses; one connection of our own says no at once.
    let mut connection = options.connect().await.map_err(&unreachable)?;
    owner::postgres_is_ours(&options, &mut connection).await?;
    connection.close().await.map_err(&unreachable)?;
    let place = server(&options);
    let pool = pool(POSTGRES_CONNECTIONS).connect_with(options).await.map_err(&unreachable)?;
    migrations::run_postgres(&pool).await.map_err(|error| OpenError::Migration { place, reason: error.to_string() })?;
    Ok(Db::Postgres(pool))
}

pub(crate) async fn erase(place: Place) -> Result<(), OpenError> {
    match place {
        Place::Sqlite(file) => {
            if !file.exists() {
                return Ok(());
            }
            owner::sqlite_is_ours(&file)?;
            for suffix in ["", "-wal", "-shm"] {
                let mut path = file.clone().into_os_string();
                path.push(suffix);
                match fs::remove_file(&path) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(unusable(&file)(error.into())),
                }
            }
            Ok(())
        }
        Place::Postgres(options) => {
            let unreachable = unreachable(&options);
            let mut connection = options.connect().await.map_err(&unreachable)?;
            owner::postgres_is_ours(&options, &mut connection).await?;
            sqlx::query(migrations::drop_all()).execute(&mut connection).await.map_err(&unreachable)?;
            connection.close().await.map_err(&unreachable)
        }
    }
}

fn pool<DB: sqlx::Database>(connections: u32) -> PoolOptions<DB> {
    PoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// The driver's reason in one line, without the URL.
fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        sqlx::Error::Io(io) => io.to_string(),
        sqlx::Error::PoolTimedOut => "no answer within 5 seconds".to_owned(),
        other => other.to_string(),
    }
}

fn parse_version(text: &str) -> (u32, u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}
