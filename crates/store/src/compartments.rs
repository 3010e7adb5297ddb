//! Compartments as Oracle's identity API shows them. The root of a tenancy is the tenancy and has no row.

use obol_protocol::{
    Timestamp,
    analytics::{DefinedTags, FreeformTags},
};

use crate::{Db, Row, StoreError, Tx, access, values};

macro_rules! columns {
    () => {
        "id, tenancy_id, parent_id, name, description, defined_tags, freeform_tags, version, created_at"
    };
}

statements! { "compartments";
    INSERT =
        "INSERT INTO compartments (id, tenancy_id, parent_id, name, name_key, description, defined_tags, freeform_tags,
                                   version, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9)";
    ALL = concat!("SELECT ", columns!(), " FROM compartments WHERE tenancy_id = $1 ORDER BY id LIMIT 1000");
    GET = concat!("SELECT ", columns!(), " FROM compartments WHERE tenancy_id = $1 AND id = $2");
    UPDATE =
        "UPDATE compartments
         SET name = $4, name_key = $5, description = $6, defined_tags = $7, freeform_tags = $8, version = version + 1
         WHERE tenancy_id = $1 AND id = $2 AND version = $3";
    DELETE = "DELETE FROM compartments WHERE tenancy_id = $1 AND id = $2 AND version = $3";
    // What keeps a compartment from being removed.
    IS_USED =
        "SELECT id FROM compartments WHERE tenancy_id = $1 AND parent_id = $2
         UNION ALL SELECT id FROM policies WHERE tenancy_id = $1 AND compartment_id = $2
         UNION ALL SELECT id FROM instances
                   WHERE tenancy_id = $1 AND compartment_id = $2 AND lifecycle_state <> 'DELETED'
         LIMIT 1";
}

/// How many compartments a tenancy has at the most.
pub const MOST: usize = 1000;

/// A compartment below a tenancy's root.
#[derive(Debug, Clone, PartialEq)]
pub struct Compartment {
    /// Its OCID.
    pub id: String,
    /// The tenancy it belongs to.
    pub tenancy_id: String,
    /// The compartment it lies in; the tenancy's OCID for one directly below the root.
    pub parent_id: String,
    /// Its name, which no sibling has, whatever the case.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Tags with namespaces.
    pub defined_tags: DefinedTags,
    /// Free tags.
    pub freeform_tags: FreeformTags,
    /// Grows with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Makes a compartment. `version` is not taken: it begins at 1.
///
/// # Errors
///
/// [`StoreError::Duplicate`] when a sibling has the name.
pub async fn insert(tx: &mut Tx, new: &Compartment) -> Result<(), StoreError> {
    let values = values![
        &new.id,
        &new.tenancy_id,
        &new.parent_id,
        &new.name,
        new.name.to_lowercase(),
        &new.description,
        json(&new.defined_tags)?,
        json(&new.freeform_tags)?,
        new.created_at,
    ];
    access::bump(tx, &new.tenancy_id).await?;
    tx.execute(&INSERT, values).await.map(drop)
}

/// All compartments of a tenancy, by OCID; at most [`MOST`].
pub async fn all(db: &Db, tenancy_id: &str) -> Result<Vec<Compartment>, StoreError> {
    db.fetch_all(&ALL, values![tenancy_id]).await?.iter().map(read).collect()
}

/// All compartments of a tenancy, as they are while the transaction lasts. Raises the version of the rules, by which other
/// changes of compartments wait.
pub async fn hold_all(tx: &mut Tx, tenancy_id: &str) -> Result<Vec<Compartment>, StoreError> {
    access::bump(tx, tenancy_id).await?;
    tx.fetch_all(&ALL, values![tenancy_id]).await?.iter().map(read).collect()
}

/// A compartment of a tenancy, which nobody else changes until the transaction ends.
pub async fn hold(tx: &mut Tx, tenancy_id: &str, id: &str) -> Result<Option<Compartment>, StoreError> {
    access::bump(tx, tenancy_id).await?;
    tx.fetch_optional(&GET, values![tenancy_id, id]).await?.map(|row| read(&row)).transpose()
}

/// A compartment of a tenancy.
pub async fn get(db: &Db, tenancy_id: &str, id: &str) -> Result<Option<Compartment>, StoreError> {
    db.fetch_optional(&GET, values![tenancy_id, id]).await?.map(|row| read(&row)).transpose()
}

/// Writes a compartment's name, description and tags, if its version is still this one. Returns whether it was.
///
/// # Errors
///
/// [`StoreError::Duplicate`] when a sibling has the name.
pub async fn update(tx: &mut Tx, changed: &Compartment) -> Result<bool, StoreError> {
    let values = values![
        &changed.tenancy_id,
        &changed.id,
        changed.version,
        &changed.name,
        changed.name.to_lowercase(),
        &changed.description,
        json(&changed.defined_tags)?,
        json(&changed.freeform_tags)?,
    ];
    access::bump(tx, &changed.tenancy_id).await?;
    Ok(tx.execute(&UPDATE, values).await? == 1)
}

/// Removes a compartment, if its version is still this one. Returns whether it was.
pub async fn delete(tx: &mut Tx, tenancy_id: &str, id: &str, version: i64) -> Result<bool, StoreError> {
    access::bump(tx, tenancy_id).await?;
    Ok(tx.execute(&DELETE, values![tenancy_id, id, version]).await? == 1)
}

/// Whether something is filed in a compartment: another one, a policy, or an instance that is not `DELETED`.
pub async fn is_used(tx: &mut Tx, tenancy_id: &str, id: &str) -> Result<bool, StoreError> {
    Ok(tx.fetch_optional(&IS_USED, values![tenancy_id, id]).await?.is_some())
}

pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Refused(error.into()))
}

fn read(row: &Row) -> Result<Compartment, StoreError> {
    Ok(Compartment {
        id: row.get("id")?,
        tenancy_id: row.get("tenancy_id")?,
        parent_id: row.get("parent_id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        defined_tags: row.json("defined_tags")?,
        freeform_tags: row.json("freeform_tags")?,
        version: row.get("version")?,
        created_at: row.get("created_at")?,
    })
}
