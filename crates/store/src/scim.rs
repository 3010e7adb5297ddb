//! Lists of the administration API: a condition over a resource's attributes becomes one `WHERE`, a page one statement.
//!
//! Each resource has a [`Table`]: which attribute stands in which column. All text comes from there; what callers send is
//! bound. Texts that compare without regard to case have a column in lower case, written in Rust, because neither engine
//! lowers all of Unicode, and one of them compares by `LIKE` without regard to case whether asked or not. What has no
//! column cannot be filtered by: nothing is ever filtered in memory.
//!
//! A page goes on from a place (a value of the order, and the id), so that it costs the same however far the caller has
//! walked. Counting is the part that grows with the list; it is left out where the page itself shows the number, and where
//! a page token brings it along.

use obol_protocol::{
    Timestamp,
    scim::{
        Condition, Fault,
        condition::Test,
        filter::Operator,
        schema::{Attribute, Found},
    },
};

use crate::{Db, Row, Statement, StoreError, Value, values};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text in lower case; empty for nothing.
    Folded,
    /// Text as it is; empty for nothing.
    Exact,
    /// A truth value.
    Boolean,
    /// A number or NULL.
    Integer,
    /// Microseconds or NULL.
    Time,
}

/// Where an attribute stands.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The attribute as its schema spells it, with its URN if it is an extension's; in a [`List`] the sub-attribute's name.
    pub attribute: &'static str,
    /// The column.
    pub name: &'static str,
    /// What it holds.
    pub form: Form,
    /// Whether a list can be sorted by it: it is never NULL, and there is an index over stripe, column and id.
    pub sorts: bool,
}

impl Column {
    /// A column to filter by.
    pub const fn filters(attribute: &'static str, name: &'static str, form: Form) -> Self {
        Self { attribute, name, form, sorts: false }
    }

    /// A column to filter and sort by.
    pub const fn sorts(attribute: &'static str, name: &'static str, form: Form) -> Self {
        Self { attribute, name, form, sorts: true }
    }
}

/// A table of the values of an attribute that has several.
#[derive(Debug, Clone, Copy)]
pub struct List {
    /// The attribute.
    pub attribute: &'static str,
    /// The table; it has a column `stripe`.
    pub table: &'static str,
    /// Its column with the resource's id.
    pub owner: &'static str,
    /// What filters its rows beside the caller; fixed text over the alias `l`, or empty.
    pub only: &'static str,
    /// The values' parts; of a simple attribute `value`.
    pub parts: &'static [Column],
}

/// Where a type of resource is kept. The table has columns `stripe` and `id`.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The table.
    pub name: &'static str,
    /// What is selected, over the alias `t`.
    pub columns: &'static str,
    /// What filters its rows beside the caller; fixed text over the alias `t`, or empty.
    pub only: &'static str,
    /// The attributes with one value.
    pub attributes: &'static [Column],
    /// The attributes with several.
    pub lists: &'static [List],
}

/// The order of a list.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// What it is sorted by; the id breaks ties.
    pub column: &'static Column,
    /// Whether the other way around.
    pub descending: bool,
}

/// A page to read.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest<'a> {
    /// Which resources.
    pub condition: Option<&'a Condition>,
    /// In which order.
    pub order: Order,
    /// Where the page before ended: the value of the order and the id.
    pub after: Option<(&'a str, &'a str)>,
    /// How many are passed over; with `after` none.
    pub skip: i64,
    /// How many at the most.
    pub limit: i64,
    /// How many there are, when that is known.
    pub total: Option<i64>,
}

/// A page that was read.
#[derive(Debug)]
pub struct Page<T> {
    /// Its resources.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: i64,
    /// The value of the order and the id of the last, when more follow.
    pub last: Option<(String, String)>,
}

/// Why a page was not read.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The caller asks for what cannot be.
    #[error("the list cannot be filtered or sorted so")]
    Fault(#[from] Fault),
    /// The database.
    #[error("the database failed")]
    Store(#[from] StoreError),
}

const ID: Column = Column::sorts("id", "id", Form::Exact);

impl Table {
    /// The order of an attribute, or of the id where none is named.
    ///
    /// # Errors
    ///
    /// [`Fault::NotSortable`]
    pub fn order(&self, by: Option<&Found>, descending: bool) -> Result<Order, Fault> {
        let Some(found) = by else { return Ok(Order { column: &ID, descending }) };
        let spelled = found.spelled();
        let sortable = || self.attributes.iter().filter(|column| column.sorts);
        match sortable().find(|column| column.attribute == spelled) {
            Some(column) => Ok(Order { column, descending }),
            None => Err(Fault::NotSortable {
                among: sortable().map(|column| column.attribute).collect::<Vec<_>>().join(", "),
            }),
        }
    }
}

/// Reads a page of a stripe's resources.
///
/// # Errors
///
/// [`PageError`]
pub async fn page<T>(
    db: &Db,
    table: &Table,
    stripe: &str,
    request: &PageRequest<'_>,
    read: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Page<T>, PageError> {
    let PageRequest { order, after, skip, limit, .. } = *request;
    let mut sql = Sql::new(stripe);
    let conditions = sql.conditions(table, request.condition)?;
    let counted = (conditions.clone(), sql.values.clone());
    let page = sql.page(table, &conditions, order, after);
    let (bound, places) = (sql.values, [limit.saturating_add(1), if after.is_some() { 0 } else { skip }]);
    let values = bound.into_iter().chain(places.map(Value::from)).collect();
    let rows = if limit == 0 { Vec::new() } else { db.fetch_all(&page, values).await? };
    let limit = usize::try_from(limit).unwrap_or(0);
    let more = rows.len() > limit;
    let shown = rows.get(..rows.len().min(limit)).unwrap_or_default();
    let last = match shown.last() {
        Some(row) if more => Some((sort_key(row, order.column.form)?, row.get("id")?)),
        _ => None,
    };
    let seen = skip.saturating_add(i64::try_from(shown.len()).unwrap_or(i64::MAX));
    let total = match request.total {
        Some(total) => total,
        None if limit > 0 && !more && after.is_none() && (skip == 0 || !shown.is_empty()) => seen,
        None => count(db, table, counted).await?,
    };
    let items = shown.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page { items, total, last })
}

async fn count(db: &Db, table: &Table, (conditions, values): (String, Vec<Value>)) -> Result<i64, StoreError> {
    let sql = format!("SELECT COUNT(*) AS n FROM {} t WHERE {conditions}", table.name);
    let row = db.fetch_optional(&Statement::built(table.name, sql), values).await?;
    row.map_or(Ok(0), |row| row.get("n"))
}

fn sort_key(row: &Row, form: Form) -> Result<String, StoreError> {
    match form {
        Form::Folded | Form::Exact => row.get("sort_key"),
        Form::Integer | Form::Time | Form::Boolean => row.get::<i64>("sort_key").map(|number| number.to_string()),
    }
}

/// A condition over a list's own rows under the alias `l`, with the values it is written for; the first is the stripe.
pub(crate) fn list_condition(
    list: &'static List,
    stripe: &str,
    condition: &Condition,
) -> Result<(String, Vec<Value>), Fault> {
    let mut sql = Sql::new(stripe);
    Ok((sql.of_element(list, condition)?, sql.values))
}

/// Statements for the census: each column with each kind of test, and each order.
pub(crate) fn samples(table: &'static Table, resource: &obol_protocol::scim::ResourceType) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut sample = |condition: Option<&Condition>, column: &'static Column, after| {
        let mut sql = Sql::new("stripe");
        if let Ok(conditions) = sql.conditions(table, condition) {
            let order = Order { column, descending: false };
            statements.push(sql.page(table, &conditions, order, after));
        }
    };
    sample(None, &ID, None);
    for column in table.attributes {
        if column.sorts {
            sample(None, column, Some(("1", "1")));
        }
        let Some(found) = column.attribute.parse().ok().and_then(|path| resource.find(&path)) else { continue };
        for test in tests(column.form) {
            sample(Some(&Condition::Test(found, test)), &ID, None);
        }
    }
    for list in table.lists {
        for part in list.parts {
            let Some(found) = list.attribute.parse().ok().and_then(|path| resource.find(&path)) else { continue };
            let sub = found.attribute.find(part.attribute).unwrap_or(found.attribute);
            let inner = Found { extension: None, attribute: sub, sub: None };
            for test in tests(part.form) {
                let condition = Condition::Values(found, Box::new(Condition::Test(inner, test)));
                sample(Some(&condition), &ID, None);
            }
        }
    }
    statements
}

fn tests(form: Form) -> Vec<Test> {
    use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Sw};
    match form {
        Form::Folded | Form::Exact => [Eq, Co, Sw, Ew, Gt, Ge, Lt, Le]
            .map(|operator| Test::Text(operator, "x".to_owned()))
            .into_iter()
            .chain([Test::Present])
            .collect(),
        Form::Boolean => vec![Test::Boolean(true), Test::Present],
        Form::Integer => [Eq, Gt, Ge, Lt, Le].map(|operator| Test::Integer(operator, 1)).to_vec(),
        Form::Time => [Eq, Gt, Ge, Lt, Le].map(|operator| Test::Time(operator, Timestamp::default())).to_vec(),
    }
}

/// A statement's text while it is written, with the values of its placeholders so far.
struct Sql {
    values: Vec<Value>,
}

const NEVER: &str = "1 = 0";
const ALWAYS: &str = "1 = 1";

impl Sql {
    fn new(stripe: &str) -> Self {
        Self { values: values![stripe] }
    }

    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn conditions(&mut self, table: &Table, condition: Option<&Condition>) -> Result<String, Fault> {
        let mut conditions = vec!["t.stripe = $1".to_owned()];
        if !table.only.is_empty() {
            conditions.push(format!("({})", table.only));
        }
        if let Some(condition) = condition {
            conditions.push(format!("({})", self.of(table, condition)?));
        }
        Ok(conditions.join(" AND "))
    }

    fn page(&mut self, table: &Table, conditions: &str, order: Order, after: Option<(&str, &str)>) -> Statement {
        let Order { column: Column { name, form, .. }, descending } = order;
        let (comparison, direction) = if descending { ("<", "DESC") } else { (">", "ASC") };
        let mut place = String::new();
        if let Some((key, id)) = after {
            let key: Value = match form {
                Form::Folded | Form::Exact => key.into(),
                // A made-up token gets the beginning.
                Form::Integer | Form::Time | Form::Boolean => key.parse::<i64>().unwrap_or_default().into(),
            };
            let (key, id) = (self.bind(key), self.bind(id));
            place = format!(" AND (t.{name}, t.id) {comparison} ({key}, {id})");
        }
        let (limit, skip) = (self.values.len() + 1, self.values.len() + 2);
        let (table, columns) = (table.name, table.columns);
        Statement::built(
            table,
            format!(
                "SELECT {columns}, t.{name} AS sort_key FROM {table} t WHERE {conditions}{place} \
                 ORDER BY t.{name} {direction}, t.id {direction} LIMIT ${limit} OFFSET ${skip}"
            ),
        )
    }

    fn of(&mut self, table: &Table, condition: &Condition) -> Result<String, Fault> {
        Ok(match condition {
            Condition::And(left, right) => format!("({} AND {})", self.of(table, left)?, self.of(table, right)?),
            Condition::Or(left, right) => format!("({} OR {})", self.of(table, left)?, self.of(table, right)?),
            Condition::Not(inner) => format!("NOT ({})", self.of(table, inner)?),
            Condition::Values(found, inner) => {
                let list = list_of(table, found)?;
                let inner = self.of_element(list, inner)?;
                within(list, &inner)
            }
            Condition::Test(found, test) => {
                let spelled = found.spelled();
                if let Some(column) = table.attributes.iter().find(|column| column.attribute == spelled) {
                    return Ok(self.test(&format!("t.{}", column.name), column.form, test));
                }
                let list = list_of(table, found)?;
                let inner = match (found.sub, test) {
                    (None, Test::Present) => ALWAYS.to_owned(),
                    (sub, test) => self.part(list, sub, test, &spelled)?,
                };
                within(list, &inner)
            }
        })
    }

    fn of_element(&mut self, list: &List, condition: &Condition) -> Result<String, Fault> {
        Ok(match condition {
            Condition::And(a, b) => format!("({} AND {})", self.of_element(list, a)?, self.of_element(list, b)?),
            Condition::Or(a, b) => format!("({} OR {})", self.of_element(list, a)?, self.of_element(list, b)?),
            Condition::Not(inner) => format!("NOT ({})", self.of_element(list, inner)?),
            Condition::Values(found, _) => return Err(Fault::NotFilterable(found.spelled())),
            Condition::Test(found, test) => {
                let named = format!("{}.{}", list.attribute, found.attribute.name);
                self.part(list, Some(found.attribute), test, &named)?
            }
        })
    }

    fn part(
        &mut self,
        list: &List,
        sub: Option<&'static Attribute>,
        test: &Test,
        named: &str,
    ) -> Result<String, Fault> {
        // A simple attribute's values are called by the attribute's own name here.
        let name = sub.map(|sub| sub.name).filter(|name| *name != list.attribute).unwrap_or("value");
        let part = list.parts.iter().find(|part| part.attribute == name);
        let part = part.ok_or_else(|| Fault::NotFilterable(named.to_owned()))?;
        Ok(self.test(&format!("l.{}", part.name), part.form, test))
    }

    /// A comparison that is true or false, never NULL, so that its opposite is its opposite.
    fn test(&mut self, column: &str, form: Form, test: &Test) -> String {
        match test {
            Test::Present => match form {
                Form::Folded | Form::Exact => format!("{column} <> ''"),
                Form::Boolean => ALWAYS.to_owned(),
                Form::Integer | Form::Time => format!("{column} IS NOT NULL"),
            },
            Test::Boolean(wanted) => format!("{column} = {}", self.bind(*wanted)),
            Test::Integer(operator, wanted) => match compared(*operator) {
                Some(sign) => format!("({column} IS NOT NULL AND {column} {sign} {})", self.bind(*wanted)),
                None => NEVER.to_owned(),
            },
            Test::Time(operator, wanted) => self.time(column, *operator, *wanted),
            // PostgreSQL has no text with a NUL in it, so nothing has it.
            Test::Text(_, wanted) if wanted.contains('\0') => NEVER.to_owned(),
            Test::Text(operator, wanted) => self.text(column, form, *operator, wanted),
        }
    }

    fn text(&mut self, column: &str, form: Form, operator: Operator, wanted: &str) -> String {
        match operator {
            Operator::Eq | Operator::Ne if wanted.is_empty() => NEVER.to_owned(),
            Operator::Co | Operator::Sw | Operator::Ew if wanted.is_empty() => format!("{column} <> ''"),
            // A range and not a pattern: it is found in the index on both engines.
            Operator::Sw => match successor(wanted) {
                Some(end) => format!("({column} >= {} AND {column} < {})", self.bind(wanted), self.bind(end)),
                None => format!("{column} >= {}", self.bind(wanted)),
            },
            Operator::Co if form == Form::Folded => {
                format!("{column} LIKE {} ESCAPE '\\'", self.bind(format!("%{}%", escaped(wanted))))
            }
            Operator::Ew if form == Form::Folded => {
                format!("{column} LIKE {} ESCAPE '\\'", self.bind(format!("%{}", escaped(wanted))))
            }
            // On SQLite LIKE takes A for a, which here are two.
            Operator::Co => {
                let wanted = self.bind(wanted);
                format!("length(replace({column}, CAST({wanted} AS TEXT), '')) < length({column})")
            }
            Operator::Ew => {
                let wanted = format!("CAST({} AS TEXT)", self.bind(wanted));
                format!(
                    "(length({column}) >= length({wanted}) \
                     AND substr({column}, length({column}) - length({wanted}) + 1) = {wanted})"
                )
            }
            Operator::Eq | Operator::Ne | Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le => {
                match compared(operator) {
                    Some(sign) => format!("({column} <> '' AND {column} {sign} {})", self.bind(wanted)),
                    None => NEVER.to_owned(),
                }
            }
        }
    }

    /// Times are answered in whole milliseconds and compared as answered; the column has microseconds.
    fn time(&mut self, column: &str, operator: Operator, wanted: Timestamp) -> String {
        const MILLI: i64 = 1000;
        let floor = wanted.micros().div_euclid(MILLI).saturating_mul(MILLI);
        let next = floor.saturating_add(MILLI);
        let ceiling = if floor == wanted.micros() { floor } else { next };
        let test = match operator {
            Operator::Eq if floor != wanted.micros() => return NEVER.to_owned(),
            Operator::Eq => {
                format!("{column} >= {} AND {column} < {}", self.bind(floor), self.bind(next))
            }
            Operator::Gt => format!("{column} >= {}", self.bind(next)),
            Operator::Ge => format!("{column} >= {}", self.bind(ceiling)),
            Operator::Lt => format!("{column} < {}", self.bind(ceiling)),
            Operator::Le => format!("{column} < {}", self.bind(next)),
            Operator::Ne | Operator::Co | Operator::Sw | Operator::Ew => return NEVER.to_owned(),
        };
        format!("({column} IS NOT NULL AND {test})")
    }
}

fn list_of(table: &Table, found: &Found) -> Result<&'static List, Fault> {
    let whole = Found { sub: None, ..*found }.spelled();
    let lists: &'static [List] = table.lists;
    lists.iter().find(|list| list.attribute == whole).ok_or_else(|| Fault::NotFilterable(found.spelled()))
}

fn within(list: &List, inner: &str) -> String {
    let List { table, owner, only, .. } = list;
    let only = if only.is_empty() { String::new() } else { format!(" AND ({only})") };
    format!("t.id IN (SELECT l.{owner} FROM {table} l WHERE l.stripe = $1{only} AND ({inner}))")
}

const fn compared(operator: Operator) -> Option<&'static str> {
    match operator {
        Operator::Eq => Some("="),
        Operator::Gt => Some(">"),
        Operator::Ge => Some(">="),
        Operator::Lt => Some("<"),
        Operator::Le => Some("<="),
        Operator::Ne | Operator::Co | Operator::Sw | Operator::Ew => None,
    }
}

/// The least text that is greater than every text with this beginning; none when there is none.
fn successor(text: &str) -> Option<String> {
    let mut characters: Vec<char> = text.chars().collect();
    while let Some(last) = characters.pop() {
        let next = if last == '\u{D7FF}' { Some('\u{E000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_is_above_all_that_begin_so_and_not_above_others() {
        assert_eq!(successor("ab").as_deref(), Some("ac"));
        assert_eq!(successor("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(successor("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(successor("\u{10FFFF}"), None);
    }

    #[test]
    fn what_like_reads_otherwise_is_escaped() {
        assert_eq!(escaped(r"50%_\"), r"50\%\_\\");
    }
}
