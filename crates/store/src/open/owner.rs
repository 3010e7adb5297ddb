//! Whether a database is Obol's, or empty: told by its tables, without changing anything.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use sqlx::{PgConnection, postgres::PgConnectOptions};

use super::{OpenError, server, unreachable};
use crate::migrations;

/// The table that the migrations keep their history in.
const HISTORY: &str = "_sqlx_migrations";

/// Refuses a file that holds anything but Obol's tables. An empty one is anybody's.
pub(super) fn sqlite_is_ours(file: &Path) -> Result<(), OpenError> {
    let foreign = || OpenError::Foreign { place: file.display().to_string() };
    // Read-only: even the journal mode of somebody else's file stays what it is.
    let look = || -> Result<bool, rusqlite::Error> {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut tables = connection.prepare("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")?;
        let tables = tables.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
        if !tables.iter().any(|table| table == HISTORY) {
            return Ok(tables.is_empty());
        }
        let first = connection.query_row(FIRST_MIGRATION, [], |row| row.get(0));
        Ok(is_history_ours(match first {
            Ok(description) => Some(description),
            Err(rusqlite::Error::QueryReturnedNoRows) => None,
            Err(error) => return Err(error),
        }))
    };
    // What cannot be read as a database is not ours either.
    if look().map_err(|_| foreign())? { Ok(()) } else { Err(foreign()) }
}

/// Refuses a schema that holds anything but Obol's tables. An empty one is anybody's.
pub(super) async fn postgres_is_ours(
    options: &PgConnectOptions,
    connection: &mut PgConnection,
) -> Result<(), OpenError> {
    let unreachable = unreachable(options);
    let tables: Vec<(String,)> = sqlx::query_as(
        "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = current_schema()",
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(&unreachable)?;
    let ours = if tables.iter().any(|(table,)| table == HISTORY) {
        let first: Option<(String,)> =
            sqlx::query_as(FIRST_MIGRATION).fetch_optional(connection).await.map_err(&unreachable)?;
        is_history_ours(first.map(|(description,)| description))
    } else {
        tables.is_empty()
    };
    let place = || format!("{}/{}", server(options), options.get_database().unwrap_or_default());
    if ours { Ok(()) } else { Err(OpenError::Foreign { place: place() }) }
}

const FIRST_MIGRATION: &str = "SELECT description FROM _sqlx_migrations ORDER BY version LIMIT 1";

/// A history that begins with our first migration, or one that a start left empty by dying.
fn is_history_ours(first: Option<String>) -> bool {
    first.is_none_or(|description| description == migrations::FIRST)
}
