//! The facade over the two native drivers. Above it nothing knows which engine runs.
//!
//! SQLite has one writer and several read-only readers in WAL mode; every write transaction begins `IMMEDIATE`, so that a
//! transaction which has read may write without losing a race. PostgreSQL runs at READ COMMITTED. Code that must win
//! exactly once is therefore written as one guarded `UPDATE … WHERE state = 'x'` and decides by the count.

use std::{os::unix::fs::OpenOptionsExt as _, path::PathBuf, sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _, Postgres, Sqlite, Transaction,
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgPool, PgSslMode},
    query::Query,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous},
};

use crate::{Row, Statement, StoreError, Value, migrations, readers::Readers, row::Inner};

/// How many connections one node keeps to PostgreSQL.
const POSTGRES_CONNECTIONS: u32 = 16;
/// How long a statement waits for a connection before the caller is told the database is not available.
const ACQUIRE: Duration = Duration::from_secs(5);
/// The first SQLite release without the WAL-reset corruption bug.
const SQLITE_FLOOR: (u32, u32, u32) = (3, 51, 3);

/// A database of either engine. Clones share its connections.
#[derive(Clone, Debug)]
pub enum Db {
    /// An embedded SQLite file.
    Sqlite {
        /// Read-only connections.
        read: Arc<Readers>,
        /// The one connection that writes.
        write: SqlitePool,
    },
    /// A PostgreSQL server, or what speaks its protocol.
    Postgres(PgPool),
}

/// Why a database could not be opened. `Display` says what and where; [`OpenError::hint`] what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is neither a file nor `postgres://…`.
    #[error("the database URL is not understood")]
    Url,
    /// The URL asks for TLS, which connections to the database do not have.
    #[error("connections to the database have no TLS, and the URL asks for it")]
    Tls,
    /// The file or the server could not be reached.
    #[error("the database at {place} cannot be reached: {reason}")]
    Unreachable {
        /// The file, or host and port; never a password.
        place: String,
        /// The driver's reason.
        reason: String,
    },
    /// The linked SQLite has a bug that can damage the file.
    #[error("SQLite {found} is older than 3.51.3, which can corrupt a database in WAL mode")]
    Engine {
        /// The version found.
        found: String,
    },
    /// A migration failed, or the database was made by a newer Obol.
    #[error("the database at {place} cannot be brought up to date: {reason}")]
    Migration {
        /// The file, or host and port.
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
            Self::Unreachable { .. } => {
                "check that the server runs and the URL, user and password are right, or that the directory can be written"
            }
            Self::Engine { .. } => "build Obol with its bundled SQLite",
            Self::Migration { .. } => "use the Obol that made this database, or a newer one",
        }
    }
}

impl Db {
    /// Opens a database and brings its schema up to date. `url` is `postgres://…`, `sqlite:FILE` or a file, which is
    /// made when it is not there.
    ///
    /// # Errors
    ///
    /// [`OpenError`], without any secret of the URL in it.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        match Place::parse(url)? {
            Place::Sqlite(file) => Self::open_sqlite(file).await,
            Place::Postgres(options) => Self::open_postgres(*options).await,
        }
    }

    async fn open_sqlite(file: PathBuf) -> Result<Self, OpenError> {
        let place = file.display().to_string();
        let unreachable = |error: sqlx::Error| OpenError::Unreachable { place: place.clone(), reason: reason(&error) };
        // The file holds hashes and sealed keys: its owner's alone. SQLite gives its companions the same mode.
        let made = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&file);
        made.map_err(|error| unreachable(error.into()))?;
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(ACQUIRE)
            .statement_cache_capacity(256);
        let write = pool(1).connect_with(options).await.map_err(&unreachable)?;
        let (version,): (String,) =
            sqlx::query_as("SELECT sqlite_version()").fetch_one(&write).await.map_err(&unreachable)?;
        if parse_version(&version) < SQLITE_FLOOR {
            return Err(OpenError::Engine { found: version });
        }
        migrations::run_sqlite(&write)
            .await
            .map_err(|error| OpenError::Migration { place: place.clone(), reason: error.to_string() })?;
        let read = Readers::open(&file, ACQUIRE)
            .map_err(|error| OpenError::Unreachable { place, reason: error.to_string() })?;
        Ok(Self::Sqlite { read: Arc::new(read), write })
    }

    async fn open_postgres(options: PgConnectOptions) -> Result<Self, OpenError> {
        let place = format!("{}:{}", options.get_host(), options.get_port());
        let unreachable = |error: sqlx::Error| OpenError::Unreachable { place: place.clone(), reason: reason(&error) };
        // The pool would go on trying a server that refuses; one connection of our own says no at once.
        options.connect().await.map_err(&unreachable)?.close().await.map_err(&unreachable)?;
        let pool = pool(POSTGRES_CONNECTIONS).connect_with(options).await.map_err(&unreachable)?;
        migrations::run_postgres(&pool)
            .await
            .map_err(|error| OpenError::Migration { place, reason: error.to_string() })?;
        Ok(Self::Postgres(pool))
    }

    /// Removes a database, or what Obol made in it. Absence is success.
    ///
    /// # Errors
    ///
    /// [`OpenError`]
    pub async fn erase(url: &str) -> Result<(), OpenError> {
        match Place::parse(url)? {
            Place::Sqlite(file) => {
                for suffix in ["", "-wal", "-shm"] {
                    let mut path = file.clone().into_os_string();
                    path.push(suffix);
                    match std::fs::remove_file(&path) {
                        Ok(()) => {}
                        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                        Err(error) => {
                            let place = file.display().to_string();
                            return Err(OpenError::Unreachable { place, reason: error.to_string() });
                        }
                    }
                }
                Ok(())
            }
            Place::Postgres(options) => {
                let place = format!("{}:{}", options.get_host(), options.get_port());
                let unreachable =
                    |error: sqlx::Error| OpenError::Unreachable { place: place.clone(), reason: reason(&error) };
                let mut connection = options.connect().await.map_err(&unreachable)?;
                sqlx::query(migrations::drop_all()).execute(&mut connection).await.map_err(&unreachable)?;
                connection.close().await.map_err(&unreachable)
            }
        }
    }

    /// Closes all connections, after the statements that are under way.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write } => {
                read.close();
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// How many transactions can write side by side.
    pub const fn writers(&self) -> usize {
        match self {
            Self::Sqlite { .. } => 1,
            Self::Postgres(_) => POSTGRES_CONNECTIONS as usize,
        }
    }

    /// Runs a statement that changes rows, on its own; returns how many it changed.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn execute(&self, statement: &Statement, values: Vec<Value>) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite { write, .. } => Ok(sqlite(statement, values).execute(write).await?.rows_affected()),
            Self::Postgres(pool) => Ok(postgres(statement, values).execute(pool).await?.rows_affected()),
        }
    }

    /// Reads all rows of a query. Bound what it can return by `LIMIT`.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn fetch_all(&self, statement: &Statement, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let table = statement.table;
        match self {
            Self::Sqlite { read, .. } => {
                let rows = read.read(statement, values, usize::MAX)?;
                Ok(rows.into_iter().map(|row| Row { table, inner: Inner::Local(row) }).collect())
            }
            Self::Postgres(pool) => Ok(postgres_rows(table, postgres(statement, values).fetch_all(pool).await?)),
        }
    }

    /// Reads the first row of a query.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn fetch_optional(&self, statement: &Statement, values: Vec<Value>) -> Result<Option<Row>, StoreError> {
        let table = statement.table;
        let inner = match self {
            Self::Sqlite { read, .. } => read.read(statement, values, 1)?.pop().map(Inner::Local),
            Self::Postgres(pool) => postgres(statement, values).fetch_optional(pool).await?.map(Inner::Postgres),
        };
        Ok(inner.map(|inner| Row { table, inner }))
    }

    /// Begins a transaction that may write. Dropping it rolls it back.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite { write, .. } => Ok(Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?)),
            Self::Postgres(pool) => Ok(Tx::Postgres(pool.begin().await?)),
        }
    }

    /// Asks the engine whether it understands a statement, without running it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`] when it does not.
    pub async fn prepare(&self, statement: &Statement) -> Result<(), StoreError> {
        use sqlx::Executor as _;
        match self {
            Self::Sqlite { write, .. } => write.prepare(statement.sqlite()).await.map(drop)?,
            Self::Postgres(pool) => pool.prepare(statement.postgres()).await.map(drop)?,
        }
        Ok(())
    }
}

/// A transaction on either engine. It commits only by [`Tx::commit`]; functions that take `&mut Tx` never do.
pub enum Tx {
    /// On SQLite's one writer.
    Sqlite(Transaction<'static, Sqlite>),
    /// On a PostgreSQL connection.
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Runs a statement that changes rows; returns how many it changed.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn execute(&mut self, statement: &Statement, values: Vec<Value>) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(tx) => Ok(sqlite(statement, values).execute(&mut **tx).await?.rows_affected()),
            Self::Postgres(tx) => Ok(postgres(statement, values).execute(&mut **tx).await?.rows_affected()),
        }
    }

    /// Reads all rows of a query, or of a change with `RETURNING`.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn fetch_all(&mut self, statement: &Statement, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let table = statement.table;
        match self {
            Self::Sqlite(tx) => Ok(sqlite_rows(table, sqlite(statement, values).fetch_all(&mut **tx).await?)),
            Self::Postgres(tx) => Ok(postgres_rows(table, postgres(statement, values).fetch_all(&mut **tx).await?)),
        }
    }

    /// Reads the first row of a query, or of a change with `RETURNING`.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn fetch_optional(
        &mut self,
        statement: &Statement,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch_all(statement, values).await?.into_iter().next())
    }

    /// Commits. What was written is then durable against the death of this process.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// Where a database URL points.
enum Place {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

impl Place {
    fn parse(url: &str) -> Result<Self, OpenError> {
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
        if file.is_empty() || file.contains("://") {
            return Err(OpenError::Url);
        }
        Ok(Self::Sqlite(PathBuf::from(file)))
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

macro_rules! bind_all {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match value {
                Value::Text(value) => query.bind(value),
                Value::Int(value) => query.bind(value),
                Value::Bool(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}

type Bound<'q, DB> = Query<'q, DB, <DB as sqlx::Database>::Arguments>;

fn sqlite<'q>(statement: &Statement, values: Vec<Value>) -> Bound<'q, Sqlite> {
    bind_all!(sqlx::query(statement.sqlite()), values)
}

fn postgres<'q>(statement: &Statement, values: Vec<Value>) -> Bound<'q, Postgres> {
    bind_all!(sqlx::query(statement.postgres()), values)
}

fn sqlite_rows(table: &'static str, rows: Vec<sqlx::sqlite::SqliteRow>) -> Vec<Row> {
    rows.into_iter().map(|row| Row { table, inner: Inner::Sqlite(row) }).collect()
}

fn postgres_rows(table: &'static str, rows: Vec<sqlx::postgres::PgRow>) -> Vec<Row> {
    rows.into_iter().map(|row| Row { table, inner: Inner::Postgres(row) }).collect()
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
