//! The schema, written once. The few words that differ between the engines are filled in when it is loaded.

use std::borrow::Cow;

use sqlx::{
    AssertSqlSafe, PgPool, SqlSafeStr, SqlStr, SqlitePool,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

/// The name of the first migration, by which a database is known as Obol's.
pub(crate) const FIRST: &str = "foundation";

/// Version, name and text of each migration. They go forward only: expand first, contract in a later release.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (0, FIRST, include_str!("../migrations/0000_foundation.sql")),
    (1, "tenancies", include_str!("../migrations/0001_tenancies.sql")),
    (2, "identity", include_str!("../migrations/0002_identity.sql")),
    (3, "analytics", include_str!("../migrations/0003_analytics.sql")),
    (4, "oauth", include_str!("../migrations/0004_oauth.sql")),
    (5, "assertions", include_str!("../migrations/0005_assertions.sql")),
    (6, "people", include_str!("../migrations/0006_people.sql")),
    (8, "safety", include_str!("../migrations/0008_safety.sql")),
    (9, "operations", include_str!("../migrations/0009_operations.sql")),
    (10, "children", include_str!("../migrations/0010_children.sql")),
    (11, "policies", include_str!("../migrations/0011_policies.sql")),
    (7, "administration", include_str!("../migrations/0007_administration.sql")),
    (12, "factors", include_str!("../migrations/0012_factors.sql")),
];

/// What stands in braces in a migration, on SQLite and on PostgreSQL. Text compares by bytes on both, so that order and
/// keyset paging agree.
const WORDS: &[(&str, &str, &str)] = &[
    ("{text}", "TEXT", "TEXT COLLATE \"C\""),
    ("{bigint}", "INTEGER", "BIGINT"),
    ("{bool}", "INTEGER", "BOOLEAN"),
    ("{bytes}", "BLOB", "BYTEA"),
    ("{strict}", "STRICT", ""),
    ("{serial}", "INTEGER PRIMARY KEY", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
];

pub(crate) async fn run_sqlite(pool: &SqlitePool) -> Result<(), MigrateError> {
    migrator(|(word, sqlite, _)| (word, sqlite)).run(pool).await
}

pub(crate) async fn run_postgres(pool: &PgPool) -> Result<(), MigrateError> {
    migrator(|(word, _, postgres)| (word, postgres)).run(pool).await
}

/// One statement that drops every table of ours from PostgreSQL.
pub(crate) fn drop_all() -> SqlStr {
    let ours = MIGRATIONS.iter().flat_map(|(_, _, text)| text.split("CREATE TABLE ").skip(1));
    let names = ours.filter_map(|rest| rest.split([' ', '(', '\n']).next());
    let names: Vec<_> = names.chain(["_sqlx_migrations"]).collect();
    AssertSqlSafe(format!("DROP TABLE IF EXISTS {} CASCADE", names.join(", "))).into_sql_str()
}

fn migrator(choose: fn((&'static str, &'static str, &'static str)) -> (&'static str, &'static str)) -> Migrator {
    let migrations = MIGRATIONS.iter().map(|(version, name, text)| {
        let text = WORDS
            .iter()
            .map(|word| choose(*word))
            .fold((*text).to_owned(), |text, (word, engine)| text.replace(word, engine));
        let sql = AssertSqlSafe(text).into_sql_str();
        Migration::new(*version, Cow::Borrowed(*name), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}
