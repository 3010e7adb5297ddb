//! One SQL text for two engines, with `$1…$n` placeholders. Where the engines differ, the pair stands in one place.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// A statement, and the table whose rows it reads (for naming a row that cannot be read).
#[derive(Debug, Clone)]
pub struct Statement {
    pub(crate) table: &'static str,
    sqlite: Text,
    postgres: Text,
}

#[derive(Debug, Clone)]
enum Text {
    Fixed(&'static str),
    Built(SqlStr),
}

impl Statement {
    /// The same text on both engines.
    pub const fn new(table: &'static str, sql: &'static str) -> Self {
        Self { table, sqlite: Text::Fixed(sql), postgres: Text::Fixed(sql) }
    }

    /// A text for each engine; for the few statements that must differ, each with its reason beside it.
    pub const fn pair(table: &'static str, sqlite: &'static str, postgres: &'static str) -> Self {
        Self { table, sqlite: Text::Fixed(sqlite), postgres: Text::Fixed(postgres) }
    }

    /// A text put together at run time from fixed fragments (filters, sort orders). Nothing that came from a caller may be
    /// in it: callers' values are bound.
    pub fn built(table: &'static str, sql: String) -> Self {
        let sql = AssertSqlSafe(sql).into_sql_str();
        Self { table, sqlite: Text::Built(sql.clone()), postgres: Text::Built(sql) }
    }

    pub(crate) fn sqlite(&self) -> SqlStr {
        self.sqlite.sql()
    }

    pub(crate) fn postgres(&self) -> SqlStr {
        self.postgres.sql()
    }
}

impl Text {
    fn sql(&self) -> SqlStr {
        match self {
            Self::Fixed(text) => text.into_sql_str(),
            Self::Built(text) => text.clone(),
        }
    }
}

/// Declares a table module's statements and its part of the census.
///
/// ```text
/// statements! { "meta";
///     GET = "SELECT value FROM meta WHERE name = $1";
///     CLAIM = "…for SQLite…", "…for PostgreSQL…";
///     ALL = concat!("SELECT ", columns!(), " FROM meta LIMIT 10");
/// }
/// ```
///
/// A list of columns that several statements share is a `columns!` of the module: `concat!` takes no constants.
macro_rules! statements {
    ($table:literal; $($name:ident = $sql:expr $(, $postgres:expr)?;)+) => {
        $(const $name: $crate::Statement = statements!(@one $table, $sql $(, $postgres)?);)+
        pub(crate) const STATEMENTS: &[(&str, $crate::Statement)] =
            &[$((concat!($table, "::", stringify!($name)), $name)),+];
    };
    (@one $table:literal, $sql:expr) => { $crate::Statement::new($table, $sql) };
    (@one $table:literal, $sqlite:expr, $postgres:expr) => {
        $crate::Statement::pair($table, $sqlite, $postgres)
    };
}
