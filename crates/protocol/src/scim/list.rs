//! Lists (contract identity 6.1 and 6.3): the query's parameters or the body of `.search`, the answer, and the page tokens
//! that the official command line follows.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::Value;

use super::{
    fault::Fault, filter::Filter, incoming::object_of, path::AttributePath, projection::Projection,
    projection::Rendered, schema::ResourceType,
};

/// The schema of an answer.
const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The schema of the body of `.search`.
const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// How many resources a page has where the caller does not say, and at the most.
const PAGE: i64 = 50;
const MOST: i64 = 1000;
/// The longest page token, in characters.
const LONGEST_TOKEN: usize = 4096;

/// What a list is asked for.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Which resources.
    pub filter: Option<Filter>,
    /// What of them.
    pub projection: Projection,
    /// By what they are sorted.
    pub sort_by: Option<AttributePath>,
    /// Whether the other way around.
    pub descending: bool,
    /// The number of the first, from one.
    pub start_index: i64,
    /// How many at the most, 0 to 1000.
    pub count: i64,
    /// Where the page before ended.
    pub page: Option<PageToken>,
    /// What distinguishes this list from others, for page tokens.
    fingerprint: String,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageToken {
    /// The last resource's value in the order of the list.
    pub key: String,
    /// Its id.
    pub id: String,
    /// The number of the next one.
    pub next: i64,
    /// How many resources the list had.
    pub total: i64,
    fingerprint: String,
}

impl PageToken {
    fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST_TOKEN {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (key, id, next, total, fingerprint): (String, String, i64, i64, String) =
            serde_json::from_slice(&bytes).ok()?;
        (next >= 1 && total >= 0 && !key.contains('\0') && !id.contains('\0')).then_some(Self {
            key,
            id,
            next,
            total,
            fingerprint,
        })
    }
}

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = (&self.key, &self.id, self.next, self.total, &self.fingerprint);
        let json = serde_json::to_vec(&parts).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

/// The parameters of a query, as they are written, decoded.
pub type Parameters = [(String, String)];

/// What a parameter is, if it is there once.
pub fn parameter<'a>(parameters: &'a Parameters, name: &'static str) -> Result<Option<&'a str>, Fault> {
    let mut values = parameters.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str());
    let first = values.next();
    if values.next().is_some() { Err(Fault::ParameterTwice(name)) } else { Ok(first) }
}

/// What the query says of the answer's attributes.
///
/// # Errors
///
/// [`Fault`]
pub fn projection(resource: &ResourceType, parameters: &Parameters) -> Result<Projection, Fault> {
    let of =
        |name: &'static str| parameters.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str());
    Projection::read(resource, of("attributes"), of("attributeSets").flat_map(|sets| sets.split(',').map(str::trim)))
}

impl ListQuery {
    /// Reads the parameters of a `GET`.
    ///
    /// # Errors
    ///
    /// [`Fault`]
    pub fn of_parameters(resource: &ResourceType, parameters: &Parameters) -> Result<Self, Fault> {
        let one = |name| parameter(parameters, name);
        let number = |name| match one(name)? {
            None | Some("") => Ok(None),
            Some(text) => text.parse::<i64>().map(Some).map_err(|_| Fault::Parameter(name)),
        };
        let count = match number("count")? {
            None => number("limit")?,
            count => count,
        };
        let page = match one("page")? {
            None | Some("") => None,
            Some(text) => Some(PageToken::parse(text).ok_or(Fault::PageToken)?),
        };
        let projection = projection(resource, parameters)?;
        let sort = (one("sortBy")?, one("sortOrder")?);
        Self::new(one("filter")?, projection, sort, number("startIndex")?, count, page)
    }

    /// Reads the body of `.search`.
    ///
    /// # Errors
    ///
    /// [`Fault`]
    pub fn of_body(resource: &ResourceType, body: &Value) -> Result<Self, Fault> {
        let members = object_of(body, SEARCH)?;
        let text = |name: &'static str| match members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(Fault::Type { attribute: name.to_owned(), expected: "a string" }),
        };
        let number = |name: &'static str| match members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => Err(Fault::Type { attribute: name.to_owned(), expected: "an integer" }),
            },
        };
        let texts = |name: &'static str| match members.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(values)) if values.iter().all(Value::is_string) => {
                Ok(values.iter().filter_map(Value::as_str).collect())
            }
            Some(_) => Err(Fault::Type { attribute: name.to_owned(), expected: "an array of strings" }),
        };
        let projection = Projection::read(resource, texts("attributes")?, texts("attributeSets")?)?;
        let sort = (text("sortBy")?, text("sortOrder")?);
        Self::new(text("filter")?, projection, sort, number("startIndex")?, number("count")?, None)
    }

    fn new(
        filter: Option<&str>,
        projection: Projection,
        (sort_by, sort_order): (Option<&str>, Option<&str>),
        start_index: Option<i64>,
        count: Option<i64>,
        page: Option<PageToken>,
    ) -> Result<Self, Fault> {
        let filter = match filter.map(str::trim) {
            None | Some("") => None,
            Some(text) => Some(Filter::parse(text)?),
        };
        let sort_by = match sort_by.map(str::trim) {
            None | Some("") => None,
            Some(text) => Some(text.parse::<AttributePath>().map_err(|_| Fault::Parameter("sortBy"))?),
        };
        let descending = match sort_order.map(str::to_ascii_lowercase).as_deref() {
            None | Some("" | "ascending") => false,
            Some("descending") => true,
            Some(_) => return Err(Fault::Parameter("sortOrder")),
        };
        let fingerprint = fingerprint(filter.as_ref(), sort_by.as_ref(), descending);
        if page.as_ref().is_some_and(|page| page.fingerprint != fingerprint) {
            return Err(Fault::PageToken);
        }
        Ok(Self {
            filter,
            projection,
            sort_by,
            descending,
            start_index: page.as_ref().map_or(start_index.unwrap_or(1).max(1), |page| page.next),
            count: match count {
                None => PAGE,
                Some(count) if count < 0 => PAGE,
                Some(count) => count.min(MOST),
            },
            page,
            fingerprint,
        })
    }

    /// The token of the page after one that ends with this resource.
    pub fn next(&self, key: String, id: String, next: i64, total: i64) -> PageToken {
        PageToken { key, id, next, total, fingerprint: self.fingerprint.clone() }
    }
}

/// A few characters that tell lists apart. A caller who makes up a token gets only what they may list anyway.
fn fingerprint(filter: Option<&Filter>, sort_by: Option<&AttributePath>, descending: bool) -> String {
    let filter = filter.map(ToString::to_string).unwrap_or_default();
    let sort_by = sort_by.map(|path| path.to_string().to_ascii_lowercase()).unwrap_or_default();
    let text = format!("{filter}\n{sort_by}\n{descending}");
    // FNV-1a.
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

/// The answer of a list, its members in the order of the product's.
#[derive(Debug, Clone, Serialize)]
pub struct ListAnswer<'a> {
    schemas: [&'static str; 1],
    #[serde(rename = "totalResults")]
    total: i64,
    #[serde(rename = "Resources")]
    resources: Vec<Rendered<'a>>,
    #[serde(rename = "startIndex")]
    start_index: i64,
    #[serde(rename = "itemsPerPage")]
    items_per_page: i64,
}

impl<'a> ListAnswer<'a> {
    /// The page that a query asked for.
    pub fn new(query: &ListQuery, total: i64, resources: Vec<Rendered<'a>>) -> Self {
        Self { schemas: [SCHEMA], total, resources, start_index: query.start_index, items_per_page: query.count }
    }
}
