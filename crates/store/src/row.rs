//! One row, read by column name into the few types that both engines agree on.

use obol_protocol::Timestamp;
use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};

use crate::{StoreError, readers::LocalRow};

/// A row of either engine.
pub struct Row {
    pub(crate) table: &'static str,
    pub(crate) inner: Inner,
}

pub(crate) enum Inner {
    /// Read on the caller's thread.
    Local(LocalRow),
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A type that a column can be read as: text, 64-bit integers, truth values, bytes, times, and options of these.
pub trait Column: Sized {
    #[doc(hidden)]
    fn read(row: &Row, column: &'static str) -> Option<Self>;
}

macro_rules! native {
    ($($type:ty),+) => {
        $(impl Column for $type {
            fn read(row: &Row, column: &'static str) -> Option<Self> {
                match &row.inner {
                    Inner::Local(inner) => inner.get(column),
                    Inner::Sqlite(inner) => inner.try_get(column).ok(),
                    Inner::Postgres(inner) => inner.try_get(column).ok(),
                }
            }
        })+
    };
}

native!(String, Option<String>, i64, Option<i64>, bool, Vec<u8>, Option<Vec<u8>>);

impl Column for Timestamp {
    fn read(row: &Row, column: &'static str) -> Option<Self> {
        i64::read(row, column).map(Self::from_micros)
    }
}

impl Column for Option<Timestamp> {
    fn read(row: &Row, column: &'static str) -> Option<Self> {
        Option::<i64>::read(row, column).map(|micros| micros.map(Timestamp::from_micros))
    }
}

impl Row {
    /// Reads a column.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when the column is not there or holds something else.
    pub fn get<T: Column>(&self, column: &'static str) -> Result<T, StoreError> {
        T::read(self, column).ok_or_else(|| self.corrupt(column))
    }

    /// Reads a text column into a type that has one spelling per value.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when the text is not such a spelling.
    pub fn parse<T: std::str::FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.get::<String>(column)?.parse().map_err(|_| self.corrupt(column))
    }

    /// Reads a text column that holds JSON.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when it does not hold this type's JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(&self.get::<String>(column)?).map_err(|_| self.corrupt(column))
    }

    /// The error for a column that holds something unreadable.
    pub fn corrupt(&self, column: &'static str) -> StoreError {
        let key = match &self.inner {
            Inner::Local(inner) => inner.first().map(str::to_owned),
            Inner::Sqlite(inner) => inner.try_get::<String, _>(0).ok(),
            Inner::Postgres(inner) => inner.try_get::<String, _>(0).ok(),
        };
        StoreError::Corrupt { table: self.table, column, key: key.unwrap_or_else(|| "?".to_owned()) }
    }
}
