//! Instances. Every change is guarded by the state it starts from; the list walks one index per order.

use obol_protocol::{
    Timestamp,
    analytics::{
        Capacity, CapacityType, DefinedTags, FeatureBundle, FeatureSet, FreeformTags, InstanceName, LicenseType,
        LifecycleState, NetworkEndpointDetails, UpdateChannel,
        enums::Vocabulary as _,
        query::{InstanceSort, SortOrder},
    },
};
use serde::{Deserialize, Serialize};

use crate::{Db, Row, Statement, StoreError, Tx, Value, page::Page, values};

const TABLE: &str = "instances";

macro_rules! columns {
    () => {
        "id, tenancy_id, compartment_id, name, lifecycle_state, feature_set, capacity_type, capacity_value, details, \
         service_url, stripe, creator_user_id, version, time_created, time_updated, time_deleted"
    };
}

statements! { "instances";
    INSERT =
        "INSERT INTO instances (id, tenancy_id, compartment_id, name, name_key, lifecycle_state, feature_set,
                                capacity_type, capacity_value, details, service_url, stripe, creator_user_id, version,
                                time_created, time_updated, time_deleted)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    GET = concat!("SELECT ", columns!(), " FROM instances WHERE tenancy_id = $1 AND id = $2");
    PLACE = "SELECT compartment_id, name FROM instances WHERE tenancy_id = $1 AND id = $2";
    // Changes nothing, and holds the row until the transaction ends.
    HOLD = concat!(
        "UPDATE instances SET version = version WHERE tenancy_id = $1 AND id = $2 RETURNING ", columns!()
    );
    // What was reserved belonged to the state that is left.
    TRANSITION =
        "UPDATE instances SET lifecycle_state = $4, capacity_reserved = 0, version = version + 1, time_updated = $5,
                              time_deleted = CASE WHEN $4 = 'DELETED' THEN $5 ELSE time_deleted END
         WHERE tenancy_id = $1 AND id = $2 AND lifecycle_state = $3";
    TRANSITION_OF_VERSION =
        "UPDATE instances SET lifecycle_state = $4, capacity_reserved = 0, version = version + 1, time_updated = $5,
                              time_deleted = CASE WHEN $4 = 'DELETED' THEN $5 ELSE time_deleted END
         WHERE tenancy_id = $1 AND id = $2 AND lifecycle_state = $3 AND version = $6";
    REWRITE =
        "UPDATE instances SET compartment_id = $5, lifecycle_state = $6, capacity_value = $7, capacity_reserved = 0,
                              details = $8, service_url = $9, version = version + 1, time_updated = $10,
                              time_deleted = $11
         WHERE tenancy_id = $1 AND id = $2 AND lifecycle_state = $3 AND version = $4";
    REVISE =
        "UPDATE instances SET details = $4, version = version + 1, time_updated = $5
         WHERE tenancy_id = $1 AND id = $2 AND version = $3";
    RESERVE = "UPDATE instances SET capacity_reserved = $3 WHERE tenancy_id = $1 AND id = $2";
    USED_CAPACITY =
        "SELECT CAST(COALESCE(SUM(CASE WHEN capacity_reserved > capacity_value THEN capacity_reserved
                                       ELSE capacity_value END), 0) AS BIGINT) AS used FROM instances
         WHERE tenancy_id = $1 AND feature_set = $2 AND capacity_type = $3
           AND lifecycle_state NOT IN ('DELETED', 'FAILED')";
    FORGET =
        "DELETE FROM instances WHERE id IN
            (SELECT id FROM instances WHERE lifecycle_state = 'DELETED' AND time_deleted < $1 LIMIT 1000)";
    STRANDED =
        "SELECT i.id, i.tenancy_id, i.lifecycle_state FROM instances i
         WHERE i.lifecycle_state IN ('CREATING', 'DELETING', 'UPDATING')
           AND NOT EXISTS (SELECT 1 FROM work_requests w WHERE w.instance_id = i.id AND w.due_at IS NOT NULL)
         ORDER BY i.id LIMIT 100";
}

/// An instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Its OCID.
    pub id: String,
    /// The tenancy it belongs to.
    pub tenancy_id: String,
    /// Where it is filed.
    pub compartment_id: String,
    /// Its name; among the tenancy's instances that are not DELETED it is unique without regard to case.
    pub name: InstanceName,
    /// Where it is in its life.
    pub state: LifecycleState,
    /// The edition.
    pub feature_set: FeatureSet,
    /// How much it may take.
    pub capacity: Capacity,
    /// What nothing is looked up by.
    pub details: InstanceDetails,
    /// Its address; empty until it is active for the first time.
    pub service_url: String,
    /// The stripe of the token it was made with.
    pub stripe: String,
    /// The SCIM id of the user of that token.
    pub creator_user_id: String,
    /// Grows with every change.
    pub version: i64,
    /// When it was asked for.
    pub time_created: Timestamp,
    /// When it last changed.
    pub time_updated: Timestamp,
    /// When it became DELETED.
    pub time_deleted: Option<Timestamp>,
}

/// The part of an instance that is kept as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceDetails {
    /// Up to 512 characters.
    pub description: Option<String>,
    /// Who pays for the licence.
    pub license_type: LicenseType,
    /// Where to write to.
    pub email_notification: Option<String>,
    /// From where it can be reached.
    pub network_endpoint_details: NetworkEndpointDetails,
    /// When it gets updates.
    pub update_channel: UpdateChannel,
    /// Tags with namespaces.
    pub defined_tags: DefinedTags,
    /// Free tags.
    pub freeform_tags: FreeformTags,
    /// The customer's encryption key.
    pub kms_key_id: Option<String>,
    /// The product bundle.
    pub feature_bundle: Option<FeatureBundle>,
    /// The identity domain.
    pub domain_id: Option<String>,
}

/// Which instances of a compartment are wanted, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceQuery<'a> {
    /// Whose children.
    pub compartment_id: &'a str,
    /// Exactly this name.
    pub name: Option<&'a str>,
    /// Only this type.
    pub capacity_type: Option<CapacityType>,
    /// Only this edition.
    pub feature_set: Option<FeatureSet>,
    /// Only this state.
    pub state: Option<LifecycleState>,
    /// By what; ties are broken by time of creation, then by OCID.
    pub sort: InstanceSort,
    /// In which direction.
    pub order: SortOrder,
    /// Only what comes after this place.
    pub after: Option<InstanceKey>,
    /// At most so many.
    pub limit: i64,
}

/// The place of an instance in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceKey {
    /// The value that is sorted by.
    pub value: SortValue,
    /// When it was asked for.
    pub time_created: Timestamp,
    /// Its OCID.
    pub id: String,
}

/// A value that rows are sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortValue {
    /// Compared by bytes.
    Text(String),
    /// Compared as a number.
    Number(i64),
}

impl From<SortValue> for Value {
    fn from(value: SortValue) -> Self {
        match value {
            SortValue::Text(text) => text.into(),
            SortValue::Number(number) => number.into(),
        }
    }
}

impl Instance {
    /// Its place in an order.
    pub fn key(&self, sort: InstanceSort) -> InstanceKey {
        let value = match sort {
            InstanceSort::CapacityType => SortValue::Text(self.capacity.capacity_type.to_string()),
            InstanceSort::CapacityValue => SortValue::Number(self.capacity.capacity_value),
            InstanceSort::FeatureSet => SortValue::Text(self.feature_set.to_string()),
            InstanceSort::LifecycleState => SortValue::Text(self.state.to_string()),
            InstanceSort::Name => SortValue::Text(self.name.to_string()),
            InstanceSort::TimeCreated => SortValue::Number(self.time_created.micros()),
        };
        InstanceKey { value, time_created: self.time_created, id: self.id.clone() }
    }
}

/// Makes an instance.
///
/// # Errors
///
/// [`StoreError::Duplicate`] when a live instance of the tenancy has the name.
pub async fn insert(tx: &mut Tx, instance: &Instance) -> Result<(), StoreError> {
    let values = values![
        &instance.id,
        &instance.tenancy_id,
        &instance.compartment_id,
        instance.name.as_str(),
        instance.name.as_str().to_ascii_lowercase(),
        instance.state.as_str(),
        instance.feature_set.as_str(),
        instance.capacity.capacity_type.as_str(),
        instance.capacity.capacity_value,
        spelled(&instance.details)?,
        &instance.service_url,
        &instance.stripe,
        &instance.creator_user_id,
        instance.version,
        instance.time_created,
        instance.time_updated,
        instance.time_deleted.unwrap_or_default(),
    ];
    tx.execute(&INSERT, values).await.map(drop)
}

fn spelled(details: &InstanceDetails) -> Result<String, StoreError> {
    serde_json::to_string(details).map_err(|error| StoreError::Refused(error.into()))
}

/// An instance of a tenancy.
pub async fn get(db: &Db, tenancy_id: &str, id: &str) -> Result<Option<Instance>, StoreError> {
    db.fetch_optional(&GET, values![tenancy_id, id]).await?.map(|row| read(&row)).transpose()
}

/// Where an instance is filed, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its compartment.
    pub compartment_id: String,
    /// Its name.
    pub name: String,
}

/// Where an instance of a tenancy is filed.
pub async fn place(db: &Db, tenancy_id: &str, id: &str) -> Result<Option<Place>, StoreError> {
    let row = db.fetch_optional(&PLACE, values![tenancy_id, id]).await?;
    row.map(|row| Ok(Place { compartment_id: row.get("compartment_id")?, name: row.get("name")? })).transpose()
}

/// An instance of a tenancy, which nobody else changes until the transaction ends: what is decided by it holds.
pub async fn hold(tx: &mut Tx, tenancy_id: &str, id: &str) -> Result<Option<Instance>, StoreError> {
    tx.fetch_optional(&HOLD, values![tenancy_id, id]).await?.map(|row| read(&row)).transpose()
}

/// The instances of a compartment that fit a query.
pub async fn list(db: &Db, tenancy_id: &str, query: &InstanceQuery<'_>) -> Result<Vec<Instance>, StoreError> {
    let mut values = values![tenancy_id, query.compartment_id];
    values.extend(query.name.map(Value::from));
    values.extend(query.capacity_type.map(|value| Value::from(value.as_str())));
    values.extend(query.feature_set.map(|value| Value::from(value.as_str())));
    values.extend(query.state.map(|value| Value::from(value.as_str())));
    if let Some(InstanceKey { value, time_created, id }) = &query.after {
        if query.sort != InstanceSort::TimeCreated {
            values.push(value.clone().into());
        }
        values.extend(values![*time_created, id]);
    }
    values.push(query.limit.into());
    db.fetch_all(&list_statement(query), values).await?.iter().map(read).collect()
}

const fn keys(sort: InstanceSort) -> &'static [&'static str] {
    match sort {
        InstanceSort::CapacityType => &["capacity_type", "time_created", "id"],
        InstanceSort::CapacityValue => &["capacity_value", "time_created", "id"],
        InstanceSort::FeatureSet => &["feature_set", "time_created", "id"],
        InstanceSort::LifecycleState => &["lifecycle_state", "time_created", "id"],
        InstanceSort::Name => &["name", "time_created", "id"],
        InstanceSort::TimeCreated => &["time_created", "id"],
    }
}

fn list_statement(query: &InstanceQuery<'_>) -> Statement {
    let filters = [
        ("name", usize::from(query.name.is_some())),
        ("capacity_type", usize::from(query.capacity_type.is_some())),
        ("feature_set", usize::from(query.feature_set.is_some())),
        ("lifecycle_state", usize::from(query.state.is_some())),
    ];
    let page = Page {
        table: TABLE,
        parent: "compartment_id",
        columns: columns!(),
        filters: &filters,
        keys: keys(query.sort),
        order: query.order,
        goes_on: query.after.is_some(),
    };
    page.statement()
}

/// Every text that [`list`] can put together, for the census.
pub(crate) fn list_statements() -> Vec<Statement> {
    let mut statements = Vec::new();
    for sort in InstanceSort::ALL {
        for order in SortOrder::ALL {
            for bits in 0..32_u8 {
                let given = |bit: u8| bits & (1 << bit) != 0;
                statements.push(list_statement(&InstanceQuery {
                    compartment_id: "",
                    name: given(0).then_some(""),
                    capacity_type: given(1).then_some(CapacityType::OlpuCount),
                    feature_set: given(2).then_some(FeatureSet::EnterpriseAnalytics),
                    state: given(3).then_some(LifecycleState::Active),
                    sort: *sort,
                    order: *order,
                    after: given(4).then(|| InstanceKey {
                        value: SortValue::Number(0),
                        time_created: Timestamp::default(),
                        id: String::new(),
                    }),
                    limit: 1,
                }));
            }
        }
    }
    statements
}

/// A guarded change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// The state it must be in.
    pub from: LifecycleState,
    /// The state it is to be in.
    pub to: LifecycleState,
    /// The version it must have, where the caller decided on one.
    pub version: Option<i64>,
    /// When.
    pub now: Timestamp,
}

/// Changes the state. Returns `false` when the instance was not as the transition wants it.
pub async fn transition(tx: &mut Tx, tenancy_id: &str, id: &str, to: Transition) -> Result<bool, StoreError> {
    let mut values = values![tenancy_id, id, to.from.as_str(), to.to.as_str(), to.now];
    let changed = match to.version {
        None => tx.execute(&TRANSITION, values).await?,
        Some(version) => {
            values.push(version.into());
            tx.execute(&TRANSITION_OF_VERSION, values).await?
        }
    };
    Ok(changed == 1)
}

/// Writes an instance that was read at its present version and changed since: state, compartment, capacity, details,
/// address. Nothing stays reserved. Returns `false` when it is not in the state `from` any more, or has another version.
///
/// # Errors
///
/// [`StoreError`]
pub async fn rewrite(
    tx: &mut Tx,
    from: LifecycleState,
    instance: &Instance,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let values = values![
        &instance.tenancy_id,
        &instance.id,
        from.as_str(),
        instance.version,
        &instance.compartment_id,
        instance.state.as_str(),
        instance.capacity.capacity_value,
        spelled(&instance.details)?,
        &instance.service_url,
        now,
        instance.time_deleted.unwrap_or_default(),
    ];
    Ok(tx.execute(&REWRITE, values).await? == 1)
}

/// Writes the details of an instance that was read at its present version; its state, and what is reserved, stay. Returns
/// `false` when it has another version by now.
///
/// # Errors
///
/// [`StoreError`]
pub async fn revise(tx: &mut Tx, instance: &Instance, now: Timestamp) -> Result<bool, StoreError> {
    let values = values![&instance.tenancy_id, &instance.id, instance.version, spelled(&instance.details)?, now];
    Ok(tx.execute(&REVISE, values).await? == 1)
}

/// Lets an instance count with what it is being scaled to, until its state changes.
pub async fn reserve(tx: &mut Tx, tenancy_id: &str, id: &str, capacity_value: i64) -> Result<(), StoreError> {
    tx.execute(&RESERVE, values![tenancy_id, id, capacity_value]).await.map(drop)
}

/// What the tenancy's instances of an edition and kind take together, or are being scaled to, those that failed or are
/// gone not counted.
pub async fn used_capacity(
    tx: &mut Tx,
    tenancy_id: &str,
    feature_set: FeatureSet,
    capacity_type: CapacityType,
) -> Result<i64, StoreError> {
    let values = values![tenancy_id, feature_set.as_str(), capacity_type.as_str()];
    tx.fetch_optional(&USED_CAPACITY, values).await?.map_or(Ok(0), |row| row.get("used"))
}

/// Removes up to 1000 instances of the whole installation that became DELETED before a time. Returns how many.
pub async fn forget_deleted(db: &Db, before: Timestamp) -> Result<u64, StoreError> {
    db.execute(&FORGET, values![before]).await
}

/// An instance in a state that only work leads out of, without such work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranded {
    /// Its OCID.
    pub id: String,
    /// The tenancy it belongs to.
    pub tenancy_id: String,
    /// The state it is stuck in.
    pub state: LifecycleState,
}

/// Up to 100 stranded instances of the whole installation.
pub async fn stranded(db: &Db) -> Result<Vec<Stranded>, StoreError> {
    let rows = db.fetch_all(&STRANDED, values![]).await?;
    rows.iter()
        .map(|row| {
            Ok(Stranded {
                id: row.get("id")?,
                tenancy_id: row.get("tenancy_id")?,
                state: row.parse("lifecycle_state")?,
            })
        })
        .collect()
}

fn read(row: &Row) -> Result<Instance, StoreError> {
    Ok(Instance {
        id: row.get("id")?,
        tenancy_id: row.get("tenancy_id")?,
        compartment_id: row.get("compartment_id")?,
        name: row.parse("name")?,
        state: row.parse("lifecycle_state")?,
        feature_set: row.parse("feature_set")?,
        capacity: Capacity { capacity_type: row.parse("capacity_type")?, capacity_value: row.get("capacity_value")? },
        details: row.json("details")?,
        service_url: row.get("service_url")?,
        stripe: row.get("stripe")?,
        creator_user_id: row.get("creator_user_id")?,
        version: row.get("version")?,
        time_created: row.get("time_created")?,
        time_updated: row.get("time_updated")?,
        time_deleted: Some(row.get::<Timestamp>("time_deleted")?).filter(|time| *time != Timestamp::default()),
    })
}
