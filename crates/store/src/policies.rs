//! Policies: named lists of statements, each attached to a compartment.

use obol_protocol::{
    Timestamp,
    analytics::{DefinedTags, FreeformTags},
};

use crate::{Db, Row, StoreError, Tx, access, compartments::json, values};

macro_rules! columns {
    () => {
        "id, tenancy_id, compartment_id, name, description, statements, version_date, defined_tags, freeform_tags, \
         version, created_at"
    };
}

statements! { "policies";
    INSERT =
        "INSERT INTO policies (id, tenancy_id, compartment_id, name, name_key, description, statements, version_date,
                               defined_tags, freeform_tags, version, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11)";
    ALL = concat!("SELECT ", columns!(), " FROM policies WHERE tenancy_id = $1 ORDER BY id LIMIT 100");
    GET = concat!("SELECT ", columns!(), " FROM policies WHERE tenancy_id = $1 AND id = $2");
    COUNT = "SELECT COUNT(*) AS policies FROM policies WHERE tenancy_id = $1";
    UPDATE =
        "UPDATE policies
         SET description = $4, statements = $5, version_date = $6, defined_tags = $7, freeform_tags = $8,
             version = version + 1
         WHERE tenancy_id = $1 AND id = $2 AND version = $3";
    DELETE = "DELETE FROM policies WHERE tenancy_id = $1 AND id = $2 AND version = $3";
}

/// How many policies a tenancy has at the most: Oracle's limit.
pub const MOST: i64 = 100;

/// A policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Its OCID.
    pub id: String,
    /// The tenancy it belongs to.
    pub tenancy_id: String,
    /// The compartment it is attached to.
    pub compartment_id: String,
    /// Its name, unique in the tenancy, whatever the case.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The statements as they were written.
    pub statements: Vec<String>,
    /// A date by which the words of the statements are understood.
    pub version_date: Option<String>,
    /// Tags with namespaces.
    pub defined_tags: DefinedTags,
    /// Free tags.
    pub freeform_tags: FreeformTags,
    /// Grows with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Makes a policy. `version` is not taken: it begins at 1. Returns how many there are then.
///
/// # Errors
///
/// [`StoreError::Duplicate`] when a policy of the tenancy has the name.
pub async fn insert(tx: &mut Tx, new: &Policy) -> Result<i64, StoreError> {
    let values = values![
        &new.id,
        &new.tenancy_id,
        &new.compartment_id,
        &new.name,
        new.name.to_lowercase(),
        &new.description,
        json(&new.statements)?,
        new.version_date.clone().unwrap_or_default(),
        json(&new.defined_tags)?,
        json(&new.freeform_tags)?,
        new.created_at,
    ];
    access::bump(tx, &new.tenancy_id).await?;
    tx.execute(&INSERT, values).await?;
    tx.fetch_optional(&COUNT, values![&new.tenancy_id]).await?.map_or(Ok(0), |row| row.get("policies"))
}

/// All policies of a tenancy, by OCID; at most [`MOST`].
pub async fn all(db: &Db, tenancy_id: &str) -> Result<Vec<Policy>, StoreError> {
    db.fetch_all(&ALL, values![tenancy_id]).await?.iter().map(read).collect()
}

/// A policy of a tenancy.
pub async fn get(db: &Db, tenancy_id: &str, id: &str) -> Result<Option<Policy>, StoreError> {
    db.fetch_optional(&GET, values![tenancy_id, id]).await?.map(|row| read(&row)).transpose()
}

/// A policy of a tenancy, which nobody else changes until the transaction ends.
pub async fn hold(tx: &mut Tx, tenancy_id: &str, id: &str) -> Result<Option<Policy>, StoreError> {
    access::bump(tx, tenancy_id).await?;
    tx.fetch_optional(&GET, values![tenancy_id, id]).await?.map(|row| read(&row)).transpose()
}

/// Writes all of a policy but its name and place, if its version is still this one. Returns whether it was.
pub async fn update(tx: &mut Tx, changed: &Policy) -> Result<bool, StoreError> {
    let values = values![
        &changed.tenancy_id,
        &changed.id,
        changed.version,
        &changed.description,
        json(&changed.statements)?,
        changed.version_date.clone().unwrap_or_default(),
        json(&changed.defined_tags)?,
        json(&changed.freeform_tags)?,
    ];
    access::bump(tx, &changed.tenancy_id).await?;
    Ok(tx.execute(&UPDATE, values).await? == 1)
}

/// Removes a policy, if its version is still this one. Returns whether it was.
pub async fn delete(tx: &mut Tx, tenancy_id: &str, id: &str, version: i64) -> Result<bool, StoreError> {
    access::bump(tx, tenancy_id).await?;
    Ok(tx.execute(&DELETE, values![tenancy_id, id, version]).await? == 1)
}

fn read(row: &Row) -> Result<Policy, StoreError> {
    Ok(Policy {
        id: row.get("id")?,
        tenancy_id: row.get("tenancy_id")?,
        compartment_id: row.get("compartment_id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        statements: row.json("statements")?,
        version_date: Some(row.get("version_date")?).filter(|date: &String| !date.is_empty()),
        defined_tags: row.json("defined_tags")?,
        freeform_tags: row.json("freeform_tags")?,
        version: row.get("version")?,
        created_at: row.get("created_at")?,
    })
}
