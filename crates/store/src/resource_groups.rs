//! Resource groups: read together for their instance, and in pages for the list.

use obol_protocol::analytics::{
    InstanceResourceGroup,
    enums::Vocabulary as _,
    query::{ResourceGroupSort, SortOrder},
};

use crate::{Db, Row, Statement, StoreError, Tx, Value, instances::SortValue, page::Page, values};

const TABLE: &str = "resource_groups";

/// How many characters of a text a list is sorted by. A place in the list, which holds them, must fit into a page token.
const SORTED_CHARACTERS: usize = 48;

macro_rules! columns {
    () => {
        "id, resource_name, display_name, description, capacity, place, version"
    };
}

statements! { "resource_groups";
    OF = concat!(
        "SELECT ", columns!(), " FROM resource_groups WHERE tenancy_id = $1 AND instance_id = $2
         ORDER BY place, resource_name LIMIT 1000"
    );
    GET = concat!("SELECT ", columns!(), " FROM resource_groups WHERE tenancy_id = $1 AND instance_id = $2 AND id = $3");
    PUT =
        "INSERT INTO resource_groups (tenancy_id, instance_id, id, resource_name, display_name, description, capacity,
                                      place, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (instance_id, id) DO UPDATE SET
            resource_name = excluded.resource_name, display_name = excluded.display_name,
            description = excluded.description, capacity = excluded.capacity, place = excluded.place,
            version = excluded.version
         WHERE resource_groups.tenancy_id = excluded.tenancy_id";
    REMOVE = "DELETE FROM resource_groups WHERE tenancy_id = $1 AND instance_id = $2 AND id = $3";
    REMOVE_ALL = "DELETE FROM resource_groups WHERE tenancy_id = $1 AND instance_id = $2";
}

/// A resource group of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceGroup {
    /// The group as it is shown.
    pub details: InstanceResourceGroup,
    /// Whether lists begin with it.
    pub is_default: bool,
    /// Grows with every change.
    pub version: i64,
}

/// Which groups of an instance are wanted, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceGroupQuery<'a> {
    /// Whose groups.
    pub instance_id: &'a str,
    /// Exactly this name.
    pub name: Option<&'a str>,
    /// By what; none for the default group first, then by name. Texts count with their first 48 characters, ties are broken
    /// by id.
    pub sort: Option<ResourceGroupSort>,
    /// In which direction.
    pub order: SortOrder,
    /// Only what comes after this place.
    pub after: Option<ResourceGroupKey>,
    /// At most so many.
    pub limit: i64,
}

/// The place of a group in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceGroupKey {
    /// Whether the default group is at or before this place.
    pub place: i64,
    /// The value that is sorted by.
    pub value: SortValue,
    /// Its id.
    pub id: String,
}

impl ResourceGroup {
    /// Its place in an order.
    pub fn key(&self, sort: Option<ResourceGroupSort>) -> ResourceGroupKey {
        let text = |text: &str| SortValue::Text(text.chars().take(SORTED_CHARACTERS).collect());
        let InstanceResourceGroup { id, resource_name, display_name, description, capacity } = &self.details;
        let value = match sort {
            None | Some(ResourceGroupSort::ResourceName) => text(resource_name),
            Some(ResourceGroupSort::Id | ResourceGroupSort::Status) => text(id),
            Some(ResourceGroupSort::DisplayName) => text(display_name.as_deref().unwrap_or_default()),
            Some(ResourceGroupSort::Description) => text(description.as_deref().unwrap_or_default()),
            Some(ResourceGroupSort::Capacity) => SortValue::Number(*capacity),
        };
        ResourceGroupKey { place: self.place(), value, id: id.clone() }
    }

    fn place(&self) -> i64 {
        i64::from(!self.is_default)
    }
}

/// The groups of an instance, the default one first, then by name.
pub async fn of(db: &Db, tenancy_id: &str, instance_id: &str) -> Result<Vec<ResourceGroup>, StoreError> {
    db.fetch_all(&OF, values![tenancy_id, instance_id]).await?.iter().map(read).collect()
}

/// The groups of an instance that is held.
pub async fn held(tx: &mut Tx, tenancy_id: &str, instance_id: &str) -> Result<Vec<ResourceGroup>, StoreError> {
    tx.fetch_all(&OF, values![tenancy_id, instance_id]).await?.iter().map(read).collect()
}

/// One group of an instance.
pub async fn get(db: &Db, tenancy_id: &str, instance_id: &str, id: &str) -> Result<Option<ResourceGroup>, StoreError> {
    db.fetch_optional(&GET, values![tenancy_id, instance_id, id]).await?.map(|row| read(&row)).transpose()
}

/// The groups of an instance that fit a query.
pub async fn list(db: &Db, tenancy_id: &str, query: &ResourceGroupQuery<'_>) -> Result<Vec<ResourceGroup>, StoreError> {
    let mut values = values![tenancy_id, query.instance_id];
    values.extend(query.name.map(Value::from));
    if let Some(ResourceGroupKey { place, value, id }) = &query.after {
        if query.sort.is_none() {
            values.push((*place).into());
        }
        values.push(value.clone().into());
        values.push(id.into());
    }
    values.push(query.limit.into());
    db.fetch_all(&list_statement(query), values).await?.iter().map(read).collect()
}

const fn keys(sort: Option<ResourceGroupSort>) -> &'static [&'static str] {
    match sort {
        None => &["place", "substr(resource_name, 1, 48)", "id"],
        Some(ResourceGroupSort::Id | ResourceGroupSort::Status) => &["substr(id, 1, 48)", "id"],
        Some(ResourceGroupSort::ResourceName) => &["substr(resource_name, 1, 48)", "id"],
        Some(ResourceGroupSort::DisplayName) => &["substr(display_name, 1, 48)", "id"],
        Some(ResourceGroupSort::Description) => &["substr(description, 1, 48)", "id"],
        Some(ResourceGroupSort::Capacity) => &["capacity", "id"],
    }
}

fn list_statement(query: &ResourceGroupQuery<'_>) -> Statement {
    let page = Page {
        table: TABLE,
        parent: "instance_id",
        columns: columns!(),
        filters: &[("resource_name", usize::from(query.name.is_some()))],
        keys: keys(query.sort),
        order: query.order,
        goes_on: query.after.is_some(),
    };
    page.statement()
}

/// Every text that [`list`] can put together, for the census.
pub(crate) fn list_statements() -> Vec<Statement> {
    let mut statements = Vec::new();
    let sorts = ResourceGroupSort::ALL.iter().map(|sort| Some(*sort)).chain([None]);
    for sort in sorts {
        for order in SortOrder::ALL {
            for (name, goes_on) in [(None, false), (None, true), (Some(""), false), (Some(""), true)] {
                let key = || ResourceGroupKey { place: 0, value: SortValue::Number(0), id: String::new() };
                let after = goes_on.then(key);
                let query = ResourceGroupQuery { instance_id: "", name, sort, order: *order, after, limit: 1 };
                statements.push(list_statement(&query));
            }
        }
    }
    statements
}

/// Makes a group, or writes another version of it.
///
/// # Errors
///
/// [`StoreError::Duplicate`] when another group of the instance has the name.
pub async fn put(tx: &mut Tx, tenancy_id: &str, instance_id: &str, group: &ResourceGroup) -> Result<(), StoreError> {
    let InstanceResourceGroup { id, resource_name, display_name, description, capacity } = &group.details;
    let values = values![
        tenancy_id,
        instance_id,
        id,
        resource_name,
        display_name.as_deref().unwrap_or_default(),
        description.as_deref().unwrap_or_default(),
        *capacity,
        group.place(),
        group.version,
    ];
    tx.execute(&PUT, values).await.map(drop)
}

/// Removes a group; absence is success.
pub async fn remove(tx: &mut Tx, tenancy_id: &str, instance_id: &str, id: &str) -> Result<(), StoreError> {
    tx.execute(&REMOVE, values![tenancy_id, instance_id, id]).await.map(drop)
}

/// Removes the groups of an instance.
pub async fn remove_all(tx: &mut Tx, tenancy_id: &str, instance_id: &str) -> Result<(), StoreError> {
    tx.execute(&REMOVE_ALL, values![tenancy_id, instance_id]).await.map(drop)
}

pub(crate) fn read(row: &Row) -> Result<ResourceGroup, StoreError> {
    let text = |column| Ok::<_, StoreError>(Some(row.get::<String>(column)?).filter(|text| !text.is_empty()));
    Ok(ResourceGroup {
        details: InstanceResourceGroup {
            id: row.get("id")?,
            resource_name: row.get("resource_name")?,
            display_name: text("display_name")?,
            description: text("description")?,
            capacity: row.get("capacity")?,
        },
        is_default: row.get::<i64>("place")? == 0,
        version: row.get("version")?,
    })
}
