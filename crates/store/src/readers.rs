//! Reads from SQLite, on the caller's own thread.
//!
//! A read by primary key takes SQLite a few microseconds. sqlx keeps a thread for each connection and hands every
//! statement over and every row back, which costs ten times the read; so reads go straight to the library, through
//! read-only connections to the same file. A read is bounded by its `LIMIT` and never waits for the writer (WAL), so it does
//! not hold the runtime's thread for long.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, types};

use crate::{Statement, StoreError, Value};

/// How many prepared statements each connection keeps.
const STATEMENTS: usize = 256;

/// Read-only connections to one file. As no read waits in between, there are never more than the runtime has threads.
#[derive(Debug)]
pub struct Readers {
    file: PathBuf,
    patience: Duration,
    /// `None` once closed.
    idle: Mutex<Option<Vec<Connection>>>,
}

/// A row that was read on the caller's thread.
pub(crate) struct LocalRow {
    columns: Arc<[String]>,
    values: Vec<types::Value>,
}

impl Readers {
    /// Opens the first connection. `patience` is how long a read waits for a lock that recovery may hold.
    pub(crate) fn open(file: &Path, patience: Duration) -> Result<Self, rusqlite::Error> {
        let readers = Self { file: file.to_owned(), patience, idle: Mutex::default() };
        let first = readers.connect()?;
        *readers.idle() = Some(vec![first]);
        Ok(readers)
    }

    /// Closes the connections; one that is in use closes when its read is done.
    pub(crate) fn close(&self) {
        self.idle().take();
    }

    /// Reads up to `most` rows.
    pub(crate) fn read(
        &self,
        statement: &Statement,
        values: Vec<Value>,
        most: usize,
    ) -> Result<Vec<LocalRow>, StoreError> {
        let idle = self.idle().as_mut().ok_or_else(|| StoreError::Unavailable("the database is closed".into()))?.pop();
        let connection = idle.map_or_else(|| self.connect(), Ok)?;
        let rows = read(&connection, statement.sqlite().as_str(), values, most);
        if let Some(idle) = self.idle().as_mut() {
            idle.push(connection);
        }
        Ok(rows?)
    }

    fn connect(&self) -> Result<Connection, rusqlite::Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        connection.busy_timeout(self.patience)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Option<Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(connection: &Connection, sql: &str, values: Vec<Value>, most: usize) -> Result<Vec<LocalRow>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(sql)?;
    for (index, value) in values.into_iter().enumerate() {
        // To SQLite `$2` is a name, numbered by its first appearance; PostgreSQL means the second value, and so do we.
        if let Some(place) = statement.parameter_index(&format!("${}", index + 1))? {
            statement.raw_bind_parameter(place, native(value))?;
        }
    }
    let columns: Arc<[String]> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while found.len() < most
        && let Some(row) = rows.next()?
    {
        let values = (0..columns.len()).map(|index| row.get(index)).collect::<Result<_, _>>()?;
        found.push(LocalRow { columns: Arc::clone(&columns), values });
    }
    Ok(found)
}

fn native(value: Value) -> types::Value {
    match value {
        Value::Text(value) => value.map_or(types::Value::Null, types::Value::Text),
        Value::Int(value) => value.map_or(types::Value::Null, types::Value::Integer),
        Value::Bool(value) => types::Value::Integer(value.into()),
        Value::Bytes(value) => value.map_or(types::Value::Null, types::Value::Blob),
    }
}

impl LocalRow {
    /// Reads a column; none when it is not there or holds something else.
    pub(crate) fn get<T: Local>(&self, column: &str) -> Option<T> {
        let index = self.columns.iter().position(|name| name == column)?;
        T::from_value(self.values.get(index)?)
    }

    /// The first column's text.
    pub(crate) fn first(&self) -> Option<&str> {
        match self.values.first()? {
            types::Value::Text(text) => Some(text),
            types::Value::Null | types::Value::Integer(_) | types::Value::Real(_) | types::Value::Blob(_) => None,
        }
    }
}

/// A type that one of SQLite's values can be read as.
pub(crate) trait Local: Sized {
    fn from_value(value: &types::Value) -> Option<Self>;
}

macro_rules! local {
    ($($type:ty: $pattern:pat => $make:expr;)+) => {
        $(
            impl Local for $type {
                fn from_value(value: &types::Value) -> Option<Self> {
                    if let $pattern = value { Some($make) } else { None }
                }
            }

            impl Local for Option<$type> {
                fn from_value(value: &types::Value) -> Option<Self> {
                    if matches!(value, types::Value::Null) { Some(None) } else { <$type>::from_value(value).map(Some) }
                }
            }
        )+
    };
}

local! {
    String: types::Value::Text(text) => text.clone();
    i64: types::Value::Integer(number) => *number;
    bool: types::Value::Integer(number) => *number != 0;
    Vec<u8>: types::Value::Blob(bytes) => bytes.clone();
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let passing = matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::CannotOpen
                    | ErrorCode::OutOfMemory
            )
        );
        if passing { Self::Unavailable(error.into()) } else { Self::Refused(error.into()) }
    }
}
