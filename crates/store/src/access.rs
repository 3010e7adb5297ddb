//! A tenancy's rules as one value, and a memory of them.
//!
//! A copy is as good as the tenancy's `rules_version`, which every change of a compartment, a policy or the list of
//! domains raises in its own transaction. Who is about to change something compares the version first; who only reads may trust a copy that was
//! compared at most [`FRESH`] ago. So a change holds on all nodes within that time, and a signed read costs no look at
//! compartments or policies.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use obol_domain::{
    compartments::{Node, Tree},
    policy::{Domain, Rules, Statement},
};
use obol_protocol::Timestamp;

use crate::{Db, StoreError, Tx, compartments, policies, values};

statements! { "tenancies";
    VERSION = "SELECT name, rules_version FROM tenancies WHERE id = $1";
    DOMAINS = "SELECT name, domain_name, is_primary FROM stripes WHERE tenancy_id = $1 ORDER BY name LIMIT 1000";
    BUMP = "UPDATE tenancies SET rules_version = rules_version + 1 WHERE id = $1";
}

/// How long a copy may be trusted by what only reads.
pub const FRESH: Duration = Duration::from_millis(250);
/// How many tenancies are kept before the memory starts over.
const MOST_TENANCIES: usize = 1_000;

/// Makes every memory copy of the tenancy's rules old, and other transactions that do the same wait for this one. Belongs
/// at the beginning of each transaction that changes a compartment or a policy.
pub async fn bump(tx: &mut Tx, tenancy_id: &str) -> Result<(), StoreError> {
    tx.execute(&BUMP, values![tenancy_id]).await.map(drop)
}

/// Rules with their version. It is read first: what is read after it may be newer than it says, never older.
async fn load(db: &Db, tenancy_id: &str) -> Result<Option<(i64, Rules)>, StoreError> {
    let Some(row) = db.fetch_optional(&VERSION, values![tenancy_id]).await? else { return Ok(None) };
    let (name, version): (String, i64) = (row.get("name")?, row.get("rules_version")?);
    let compartments = compartments::all(db, tenancy_id).await?;
    let nodes = compartments.into_iter().map(|one| (one.id, Node { parent_id: one.parent_id, name: one.name }));
    let tree = Tree::new(tenancy_id, &name, nodes);
    let domains = db.fetch_all(&DOMAINS, values![tenancy_id]).await?;
    let domains = domains
        .iter()
        .map(|row| Ok((row.get("name")?, Domain { name: row.get("domain_name")?, is_default: row.get("is_primary")? })))
        .collect::<Result<Vec<_>, StoreError>>()?;
    let mut statements = Vec::new();
    for policy in policies::all(db, tenancy_id).await? {
        for text in &policy.statements {
            let statement: Statement = text.parse().map_err(|_| StoreError::Corrupt {
                table: "policies",
                column: "statements",
                key: policy.id.clone(),
            })?;
            statements.push((policy.compartment_id.clone(), statement));
        }
    }
    Ok(Some((version, Rules::new(tree, domains, statements))))
}

#[derive(Clone)]
struct Known {
    version: i64,
    rules: Arc<Rules>,
    /// By the wall's clock: moving the service's time does not make knowledge older.
    compared_at: Timestamp,
}

/// The rules of tenancies, kept.
pub struct Memory {
    db: Db,
    known: RwLock<HashMap<String, Known>>,
}

impl Memory {
    /// A memory of nothing.
    pub fn new(db: Db) -> Self {
        Self { db, known: RwLock::default() }
    }

    /// The rules of a tenancy, at most [`FRESH`] old; none when there is no such tenancy.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; old knowledge is not used instead.
    pub async fn recent(&self, tenancy_id: &str, wall: Timestamp) -> Result<Option<Arc<Rules>>, StoreError> {
        match self.get(tenancy_id) {
            Some(known) if known.compared_at.distance(wall) < FRESH => Ok(Some(known.rules)),
            known => self.compared(tenancy_id, wall, known).await,
        }
    }

    /// The rules of a tenancy as they are now.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn exact(&self, tenancy_id: &str, wall: Timestamp) -> Result<Option<Arc<Rules>>, StoreError> {
        self.compared(tenancy_id, wall, self.get(tenancy_id)).await
    }

    async fn compared(
        &self,
        tenancy_id: &str,
        wall: Timestamp,
        known: Option<Known>,
    ) -> Result<Option<Arc<Rules>>, StoreError> {
        if let Some(known) = known {
            let row = self.db.fetch_optional(&VERSION, values![tenancy_id]).await?;
            if row.map(|row| row.get("rules_version")).transpose()? == Some(known.version) {
                let rules = Arc::clone(&known.rules);
                self.put(tenancy_id, Known { compared_at: wall, ..known });
                return Ok(Some(rules));
            }
        }
        let Some((version, rules)) = load(&self.db, tenancy_id).await? else { return Ok(None) };
        let rules = Arc::new(rules);
        self.put(tenancy_id, Known { version, rules: Arc::clone(&rules), compared_at: wall });
        Ok(Some(rules))
    }

    fn get(&self, tenancy_id: &str) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(tenancy_id).cloned()
    }

    /// Keeps a copy, unless a newer one came in between.
    fn put(&self, tenancy_id: &str, new: Known) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.get(tenancy_id).is_some_and(|kept| kept.version > new.version) {
            return;
        }
        if known.len() >= MOST_TENANCIES && !known.contains_key(tenancy_id) {
            known.clear();
        }
        known.insert(tenancy_id.to_owned(), new);
    }
}
