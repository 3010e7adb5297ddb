//! The facade over the two native drivers. Above it nothing knows which engine runs.
//!
//! SQLite has one writer and several read-only readers in WAL mode; every write transaction begins `IMMEDIATE`, so that a
//! transaction which has read may write without losing a race. PostgreSQL runs at READ COMMITTED. Code that must win
//! exactly once is therefore written as one guarded `UPDATE … WHERE state = 'x'` and decides by the count.

use std::sync::Arc;

use sqlx::{Postgres, Sqlite, Transaction, postgres::PgPool, query::Query, sqlite::SqlitePool};

use crate::{
    OpenError, Row, Statement, StoreError, Value,
    open::{self, Place},
    readers::Readers,
    row::Inner,
};

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

impl Db {
    /// Opens a database and brings its schema up to date. `url` is `postgres://…`, `sqlite:FILE` or a file, which is
    /// made when it is not there.
    ///
    /// # Errors
    ///
    /// [`OpenError`], without any secret of the URL in it.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        match Place::parse(url)? {
            Place::Sqlite(file) => open::sqlite(&file).await,
            Place::Postgres(options) => open::postgres(*options).await,
        }
    }

    /// Removes what Obol made: a SQLite file with its companions, or its tables from PostgreSQL. Absence is success.
    ///
    /// # Errors
    ///
    /// [`OpenError::Foreign`] when it is not Obol's; nothing is removed then.
    pub async fn erase(url: &str) -> Result<(), OpenError> {
        open::erase(Place::parse(url)?).await
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
            Self::Postgres(_) => open::POSTGRES_CONNECTIONS as usize,
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
