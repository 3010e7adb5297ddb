//! What can go wrong between a service and its database.

/// An error of the store. Absence is not one: look-ups return `Option`, guarded updates a count.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique constraint said no. `what` names it: `table.column` on SQLite, the constraint on PostgreSQL.
    #[error("a row like this exists already: {what}")]
    Duplicate {
        /// The constraint, as the engine names it.
        what: String,
    },
    /// A foreign key said no: what the row refers to is not there.
    #[error("the row refers to something that does not exist")]
    Dangling,
    /// A row that cannot be read as what it should be.
    #[error("the row {key} of {table} has an unreadable {column}")]
    Corrupt {
        /// The table the statement reads.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's first column.
        key: String,
    },
    /// No connection within the time allowed, or the connection broke: repeating may help.
    #[error("the database is not available")]
    Unavailable(#[source] Source),
    /// Anything else the engine refused.
    #[error("the database refused the statement")]
    Refused(#[source] Source),
}

/// The driver's own error, kept for the log.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => match database.kind() {
                sqlx::error::ErrorKind::UniqueViolation => Self::Duplicate {
                    what: database.constraint().map_or_else(
                        || database.message().rsplit(": ").next().unwrap_or_default().to_owned(),
                        str::to_owned,
                    ),
                },
                sqlx::error::ErrorKind::ForeignKeyViolation => Self::Dangling,
                // The server ends sessions, or is on its way up or down (SQLSTATE classes 57P and 08).
                _ if database.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08")) => {
                    Self::Unavailable(error.into())
                }
                _ => Self::Refused(error.into()),
            },
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => {
                Self::Unavailable(error.into())
            }
            _ => Self::Refused(error.into()),
        }
    }
}
