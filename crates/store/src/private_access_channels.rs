//! Private access channels. An instance has few, so they are read together.

use obol_protocol::analytics::PrivateAccessChannel;

use crate::{Db, Row, StoreError, Tx, values};

statements! { "private_access_channels";
    OF = "SELECT key, details, version FROM private_access_channels
          WHERE tenancy_id = $1 AND instance_id = $2 ORDER BY key LIMIT 1000";
    GET = "SELECT key, details, version FROM private_access_channels
           WHERE tenancy_id = $1 AND instance_id = $2 AND key = $3";
    PUT =
        "INSERT INTO private_access_channels (tenancy_id, instance_id, key, display_name, details, version)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (instance_id, key) DO UPDATE SET
            display_name = excluded.display_name, details = excluded.details, version = excluded.version
         WHERE private_access_channels.tenancy_id = excluded.tenancy_id";
    REMOVE = "DELETE FROM private_access_channels WHERE tenancy_id = $1 AND instance_id = $2 AND key = $3";
    REMOVE_ALL = "DELETE FROM private_access_channels WHERE tenancy_id = $1 AND instance_id = $2";
}

/// A channel of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// The channel as it is shown.
    pub details: PrivateAccessChannel,
    /// Grows with every change.
    pub version: i64,
}

/// The channels of an instance, by key.
pub async fn of(db: &Db, tenancy_id: &str, instance_id: &str) -> Result<Vec<Channel>, StoreError> {
    db.fetch_all(&OF, values![tenancy_id, instance_id]).await?.iter().map(read).collect()
}

/// The channels of an instance that is held, by key.
pub async fn held(tx: &mut Tx, tenancy_id: &str, instance_id: &str) -> Result<Vec<Channel>, StoreError> {
    tx.fetch_all(&OF, values![tenancy_id, instance_id]).await?.iter().map(read).collect()
}

/// One channel of an instance.
pub async fn get(db: &Db, tenancy_id: &str, instance_id: &str, key: &str) -> Result<Option<Channel>, StoreError> {
    db.fetch_optional(&GET, values![tenancy_id, instance_id, key]).await?.map(|row| read(&row)).transpose()
}

/// Makes a channel, or writes another version of it.
///
/// # Errors
///
/// [`StoreError::Duplicate`] when another channel of the instance has the name.
pub async fn put(tx: &mut Tx, tenancy_id: &str, instance_id: &str, channel: &Channel) -> Result<(), StoreError> {
    let details = serde_json::to_string(&channel.details).map_err(|error| StoreError::Refused(error.into()))?;
    let Channel { details: PrivateAccessChannel { key, display_name, .. }, version } = channel;
    tx.execute(&PUT, values![tenancy_id, instance_id, key, display_name, details, *version]).await.map(drop)
}

/// Removes a channel; absence is success.
pub async fn remove(tx: &mut Tx, tenancy_id: &str, instance_id: &str, key: &str) -> Result<(), StoreError> {
    tx.execute(&REMOVE, values![tenancy_id, instance_id, key]).await.map(drop)
}

/// Removes the channels of an instance.
pub async fn remove_all(tx: &mut Tx, tenancy_id: &str, instance_id: &str) -> Result<(), StoreError> {
    tx.execute(&REMOVE_ALL, values![tenancy_id, instance_id]).await.map(drop)
}

pub(crate) fn read(row: &Row) -> Result<Channel, StoreError> {
    Ok(Channel { details: row.json("details")?, version: row.get("version")? })
}
