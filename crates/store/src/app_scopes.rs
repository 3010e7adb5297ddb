//! The scopes of resource servers.

use crate::{Db, Row, StoreError, Tx, values};

macro_rules! columns {
    () => {
        "app_id, value, fqs, display_name, description, requires_consent"
    };
}

/// What is selected of a scope.
pub(crate) const COLUMNS: &str = columns!();

statements! { "app_scopes";
    INSERT =
        "INSERT INTO app_scopes (stripe, app_id, value, fqs, display_name, description, requires_consent, position)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    OF_APP =
        concat!("SELECT ", columns!(), " FROM app_scopes WHERE stripe = $1 AND app_id = $2 ORDER BY position LIMIT 1000");
    BY_FQS =
        "SELECT s.app_id, s.value, s.fqs, s.display_name, s.description, s.requires_consent FROM app_scopes s
         JOIN apps a ON a.stripe = s.stripe AND a.id = s.app_id
         WHERE s.stripe = $1 AND s.fqs = $2 AND a.is_active AND a.is_oauth_resource";
    CLEAR = "DELETE FROM app_scopes WHERE stripe = $1 AND app_id = $2";
}

/// The most scopes that an application may have.
pub const MOST_SCOPES: usize = 1000;

/// A scope of a resource server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppScope {
    /// The application it belongs to.
    pub app_id: String,
    /// Its value, e.g. `read` or `urn:opc:resource:consumer::all`.
    pub value: String,
    /// The fully qualified scope: the application's audience and the value, plainly joined. Unique in the stripe.
    pub fqs: String,
    /// The name shown.
    pub display_name: String,
    /// What it opens.
    pub description: String,
    /// Whether the user is asked before a client gets it.
    pub requires_consent: bool,
}

/// Replaces the scopes of an application, at most [`MOST_SCOPES`]. [`StoreError::Duplicate`] when a value stands twice, or
/// another application of the stripe has a fully qualified scope of this text; [`StoreError::Dangling`] without the
/// application.
pub async fn replace(tx: &mut Tx, stripe: &str, app_id: &str, scopes: &[AppScope]) -> Result<(), StoreError> {
    tx.execute(&CLEAR, values![stripe, app_id]).await?;
    for (position, scope) in (0_i64..).zip(scopes.iter().take(MOST_SCOPES)) {
        tx.execute(
            &INSERT,
            values![
                stripe,
                app_id,
                &scope.value,
                &scope.fqs,
                &scope.display_name,
                &scope.description,
                scope.requires_consent,
                position
            ],
        )
        .await?;
    }
    Ok(())
}

/// The scopes of an application in their order, at most [`MOST_SCOPES`].
pub async fn of_app(db: &Db, stripe: &str, app_id: &str) -> Result<Vec<AppScope>, StoreError> {
    db.fetch_all(&OF_APP, values![stripe, app_id]).await?.iter().map(read).collect()
}

/// A scope by its fully qualified text, if its application is an active resource server.
pub async fn by_fqs(db: &Db, stripe: &str, fqs: &str) -> Result<Option<AppScope>, StoreError> {
    if fqs.contains('\0') {
        return Ok(None);
    }
    db.fetch_optional(&BY_FQS, values![stripe, fqs]).await?.map(|row| read(&row)).transpose()
}

pub(crate) fn read(row: &Row) -> Result<AppScope, StoreError> {
    Ok(AppScope {
        app_id: row.get("app_id")?,
        value: row.get("value")?,
        fqs: row.get("fqs")?,
        display_name: row.get("display_name")?,
        description: row.get("description")?,
        requires_consent: row.get("requires_consent")?,
    })
}
