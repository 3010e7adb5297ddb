//! All children of an instance by one query, since an instance is shown far more often than its children change.

use crate::{
    Db, Row, StoreError,
    private_access_channels::{self, Channel},
    resource_groups::{self, ResourceGroup},
    values,
    vanity_urls::{self, VanityUrl},
};

/// What a row is one of, as the first column of the query.
const CHANNEL: i64 = 0;
const VANITY_URL: i64 = 1;
const GROUP: i64 = 2;

statements! { "instance_children";
    // The columns of all kinds side by side; each part leaves those of the others empty. The order is that of each kind alone.
    OF =
        "SELECT id, kind, key, details, resource_name, display_name, description, capacity, place, version FROM (
            SELECT key AS id, CAST(0 AS BIGINT) AS kind, key, details, '' AS resource_name, '' AS display_name,
                   '' AS description, CAST(0 AS BIGINT) AS capacity, CAST(0 AS BIGINT) AS place, version
            FROM private_access_channels WHERE tenancy_id = $1 AND instance_id = $2
            UNION ALL
            SELECT key, CAST(1 AS BIGINT), key, details, '', '', '', CAST(0 AS BIGINT), CAST(0 AS BIGINT), version
            FROM vanity_urls WHERE tenancy_id = $1 AND instance_id = $2
            UNION ALL
            SELECT id, CAST(2 AS BIGINT), '', '', resource_name, display_name, description, capacity, place, version
            FROM resource_groups WHERE tenancy_id = $1 AND instance_id = $2
         ) AS children ORDER BY kind, place, resource_name, id LIMIT 3000";
}

/// All children of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Children {
    /// Its private access channels, by key.
    pub channels: Vec<Channel>,
    /// Its vanity URLs, by key.
    pub vanity_urls: Vec<VanityUrl>,
    /// Its resource groups, the default one first, then by name.
    pub groups: Vec<ResourceGroup>,
}

/// The children of an instance, all of them by one query.
pub async fn of(db: &Db, tenancy_id: &str, instance_id: &str) -> Result<Children, StoreError> {
    let mut children = Children::default();
    for row in db.fetch_all(&OF, values![tenancy_id, instance_id]).await? {
        children.add(&row)?;
    }
    Ok(children)
}

impl Children {
    fn add(&mut self, row: &Row) -> Result<(), StoreError> {
        match row.get("kind")? {
            CHANNEL => self.channels.push(private_access_channels::read(row)?),
            VANITY_URL => self.vanity_urls.push(vanity_urls::read(row)?),
            GROUP => self.groups.push(resource_groups::read(row)?),
            _ => return Err(row.corrupt("kind")),
        }
        Ok(())
    }
}
