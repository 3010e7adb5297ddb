//! Tenancies and their compartments. The root compartment of a tenancy is the tenancy itself.

use obol_protocol::Timestamp;

use crate::{Db, StoreError, Tx, access, values};

statements! { "tenancies";
    INSERT = "INSERT INTO tenancies (id, name, home_region, created_at) VALUES ($1, $2, $3, $4)";
    LOCK = "UPDATE tenancies SET name = name WHERE id = $1";
    GET = "SELECT id, name, home_region, created_at FROM tenancies WHERE id = $1";
    INSERT_COMPARTMENT =
        "INSERT INTO compartments (id, tenancy_id, parent_id, name, name_key, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    HAS_COMPARTMENT = "SELECT id FROM compartments WHERE tenancy_id = $1 AND id = $2";
    // On PostgreSQL nobody removes the compartment until the transaction ends; SQLite has one writer.
    HOLD_COMPARTMENT =
        "SELECT id FROM compartments WHERE tenancy_id = $1 AND id = $2",
        "SELECT id FROM compartments WHERE tenancy_id = $1 AND id = $2 FOR SHARE";
}

/// A tenancy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenancy {
    /// Its OCID.
    pub id: String,
    /// Its name, unique in the installation.
    pub name: String,
    /// Its home region, e.g. `us-ashburn-1`.
    pub home_region: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A compartment below a tenancy's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compartment {
    /// Its OCID.
    pub id: String,
    /// The tenancy it belongs to.
    pub tenancy_id: String,
    /// The compartment it lies in; the tenancy's OCID for one directly below the root.
    pub parent_id: String,
    /// Its name, unique in its parent.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Makes a tenancy.
pub async fn insert(tx: &mut Tx, tenancy: &Tenancy) -> Result<(), StoreError> {
    tx.execute(&INSERT, values![&tenancy.id, &tenancy.name, &tenancy.home_region, tenancy.created_at]).await.map(drop)
}

/// A tenancy by its OCID.
pub async fn get(db: &Db, tenancy_id: &str) -> Result<Option<Tenancy>, StoreError> {
    let row = db.fetch_optional(&GET, values![tenancy_id]).await?;
    row.map(|row| {
        Ok(Tenancy {
            id: row.get("id")?,
            name: row.get("name")?,
            home_region: row.get("home_region")?,
            created_at: row.get("created_at")?,
        })
    })
    .transpose()
}

/// Makes other transactions of this tenancy that lock it too wait for this one. Returns whether the tenancy exists.
pub async fn lock(tx: &mut Tx, tenancy_id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&LOCK, values![tenancy_id]).await? == 1)
}

/// Makes a compartment.
pub async fn insert_compartment(tx: &mut Tx, compartment: &Compartment) -> Result<(), StoreError> {
    let Compartment { id, tenancy_id, parent_id, name, created_at } = compartment;
    let key = name.to_lowercase();
    tx.execute(&INSERT_COMPARTMENT, values![id, tenancy_id, parent_id, name, key, *created_at]).await?;
    access::bump(tx, tenancy_id).await
}

/// Whether a compartment is the tenancy's root or lies below it.
pub async fn has_compartment(db: &Db, tenancy_id: &str, compartment_id: &str) -> Result<bool, StoreError> {
    if tenancy_id == compartment_id {
        return Ok(true);
    }
    // PostgreSQL has no text with a NUL in it; such an id is nobody's, which is an answer and not an error.
    if compartment_id.contains('\0') {
        return Ok(false);
    }
    Ok(db.fetch_optional(&HAS_COMPARTMENT, values![tenancy_id, compartment_id]).await?.is_some())
}

/// Whether a compartment is the tenancy's root or lies below it, and stays until the transaction ends.
pub async fn hold_compartment(tx: &mut Tx, tenancy_id: &str, compartment_id: &str) -> Result<bool, StoreError> {
    if tenancy_id == compartment_id {
        return Ok(true);
    }
    Ok(tx.fetch_optional(&HOLD_COMPARTMENT, values![tenancy_id, compartment_id]).await?.is_some())
}
