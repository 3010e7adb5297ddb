//! Which attributes an answer has (contract identity 6.1): `attributes` with sub-filters, `attributeSets`, and what each
//! attribute's definition says. Members stand in the order of the schema's table.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

use super::{
    condition::Condition,
    fault::Fault,
    filter::{Filter, end_of_text},
    path::AttributePath,
    schema::{Attribute, Found, ResourceType, Returned, Schema},
};

/// How long a list of attributes may be, in bytes, and how many there may be.
const LONGEST: usize = 8 * 1024;
const MOST: usize = 200;

/// What the caller wants to see.
#[derive(Debug, Clone, Default)]
pub struct Projection {
    items: Vec<Item>,
    /// Whether attributes were listed, known ones or not.
    listed: bool,
    sets: Vec<Set>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    All,
    Always,
    Never,
    Request,
    Default,
}

#[derive(Debug, Clone)]
enum Item {
    Extension(&'static Schema),
    Attribute(Found, Option<Condition>),
}

/// How much of an attribute is answered.
enum Share<'a> {
    Nothing,
    Whole,
    Parts(Vec<(&'a Found, Option<&'a Condition>)>),
}

impl Projection {
    /// Reads the query's `attributes` and `attributeSets`. Attributes that the resource does not have are passed over.
    ///
    /// # Errors
    ///
    /// [`Fault`]
    pub fn read<'a>(
        resource: &ResourceType,
        attributes: impl IntoIterator<Item = &'a str>,
        sets: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Fault> {
        let mut made = Self::default();
        for list in attributes {
            if list.len() > LONGEST {
                return Err(Fault::Parameter("attributes"));
            }
            for text in split(list) {
                made.listed = true;
                if made.items.len() >= MOST {
                    return Err(Fault::Parameter("attributes"));
                }
                made.items.extend(item(resource, text)?);
            }
        }
        for set in sets {
            let set = match set.to_ascii_lowercase().as_str() {
                "all" => Set::All,
                "always" => Set::Always,
                "never" => Set::Never,
                "request" => Set::Request,
                "default" => Set::Default,
                _ => return Err(Fault::Parameter("attributeSets")),
            };
            if !made.sets.contains(&set) {
                made.sets.push(set);
            }
        }
        Ok(made)
    }

    /// Whether an attribute of the core is answered, be it in part; for those that cost something to read.
    pub fn wants(&self, resource: &ResourceType, name: &str) -> bool {
        let found = resource.find(&AttributePath::plain(name));
        found.is_some_and(|found| !matches!(self.share(None, found.attribute), Share::Nothing))
    }

    /// Whether an attribute of an extension is answered, be it in part.
    pub fn wants_of(&self, schema: &'static Schema, name: &str) -> bool {
        super::schema::find(schema.attributes, name)
            .is_some_and(|attribute| !matches!(self.share(Some(schema), attribute), Share::Nothing))
    }

    /// The filter on a list's values, when all that is wanted of it has one and the same.
    pub fn only(&self, resource: &ResourceType, name: &str) -> Option<&Condition> {
        let found = resource.find(&AttributePath::plain(name))?;
        match self.share(None, found.attribute) {
            Share::Parts(parts) => match parts.as_slice() {
                [(_, Some(only))] => Some(only),
                _ => None,
            },
            Share::Nothing | Share::Whole => None,
        }
    }

    fn share(&self, extension: Option<&'static Schema>, attribute: &'static Attribute) -> Share<'_> {
        let chosen = self.listed || !self.sets.is_empty();
        let set = |set| self.sets.contains(&set);
        let whole = match attribute.returned {
            Returned::Never => return Share::Nothing,
            Returned::Always => true,
            Returned::Default => !chosen || set(Set::Default) || set(Set::All),
            Returned::Request => set(Set::Request) || set(Set::All),
        };
        if whole {
            return Share::Whole;
        }
        let mut parts = Vec::new();
        for item in &self.items {
            match item {
                Item::Extension(schema) => {
                    let same = extension.is_some_and(|extension| extension.urn == schema.urn);
                    if same && attribute.returned == Returned::Default {
                        return Share::Whole;
                    }
                }
                Item::Attribute(found, filter) => {
                    let same = found.extension.map(|schema| schema.urn) == extension.map(|schema| schema.urn)
                        && found.attribute.name == attribute.name;
                    if same && found.sub.is_none() && filter.is_none() {
                        return Share::Whole;
                    }
                    if same {
                        parts.push((found, filter.as_ref()));
                    }
                }
            }
        }
        if parts.is_empty() { Share::Nothing } else { Share::Parts(parts) }
    }

    /// The answer's members.
    pub fn render<'a>(&self, resource: &ResourceType, document: &'a Map<String, Value>) -> Rendered<'a> {
        let mut members = Vec::new();
        for attribute in resource.core_attributes() {
            if let Some(value) = document.get(attribute.name)
                && let Some(node) = node(value, attribute, &self.share(None, attribute))
            {
                members.push((attribute.name, node));
            }
        }
        for schema in resource.extensions {
            let Some(Value::Object(values)) = document.get(schema.urn) else { continue };
            let shown: Vec<_> = schema
                .attributes
                .iter()
                .filter_map(|attribute| {
                    let value = values.get(attribute.name)?;
                    Some((attribute.name, node(value, attribute, &self.share(Some(schema), attribute))?))
                })
                .collect();
            if !shown.is_empty() {
                members.push((schema.urn, Rendered::Members(shown)));
            }
        }
        Rendered::Members(members)
    }
}

fn item(resource: &ResourceType, text: &str) -> Result<Option<Item>, Fault> {
    if let Some(schema) = resource.extension(text) {
        return Ok(Some(Item::Extension(schema)));
    }
    let Some((path, rest)) = text.split_once('[') else {
        let path: AttributePath = text.parse().map_err(|_| Fault::Parameter("attributes"))?;
        return Ok(resource.find(&path).map(|found| Item::Attribute(found, None)));
    };
    let (filter, rest) = Filter::parse_start(rest)?;
    let sub = rest.trim_start_matches(' ').strip_prefix(']').ok_or(Fault::Parameter("attributes"))?;
    let path: AttributePath = format!("{path}{sub}").parse().map_err(|_| Fault::Parameter("attributes"))?;
    let Some(found) = resource.find(&path) else { return Ok(None) };
    let only = Condition::of_element(&filter, found.attribute)?;
    Ok(Some(Item::Attribute(found, Some(only))))
}

/// The parts between commas that stand neither in brackets nor in quotation marks.
fn split(list: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut at, mut depth) = (Vec::new(), 0, 0, 0_usize);
    while let Some(rest) = list.get(at..).filter(|rest| !rest.is_empty()) {
        let mut step = rest.chars().next().map_or(1, char::len_utf8);
        match rest.as_bytes().first() {
            Some(b'"') => step = end_of_text(rest).unwrap_or(rest.len()),
            Some(b'[') => depth += 1,
            Some(b']') => depth = depth.saturating_sub(1),
            Some(b',') if depth == 0 => {
                parts.push(list.get(begin..at).unwrap_or_default());
                begin = at + 1;
            }
            _ => {}
        }
        at += step;
    }
    parts.push(list.get(begin..).unwrap_or_default());
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// A resource as it is answered: members in the order of the schema.
#[derive(Debug, Clone, PartialEq)]
pub enum Rendered<'a> {
    /// A value as it is.
    Value(&'a Value),
    /// An object.
    Members(Vec<(&'static str, Rendered<'a>)>),
    /// A list.
    List(Vec<Rendered<'a>>),
}

impl Serialize for Rendered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::List(values) => serializer.collect_seq(values),
            Self::Members(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

fn node<'a>(value: &'a Value, attribute: &'static Attribute, share: &Share<'_>) -> Option<Rendered<'a>> {
    match value {
        Value::Array(values) => {
            let shown: Vec<_> = values.iter().filter_map(|value| element(value, attribute, share)).collect();
            let wanted = !matches!(share, Share::Nothing);
            (wanted && (!shown.is_empty() || values.is_empty())).then_some(Rendered::List(shown))
        }
        value => element(value, attribute, share),
    }
}

fn element<'a>(value: &'a Value, attribute: &'static Attribute, share: &Share<'_>) -> Option<Rendered<'a>> {
    let parts = match share {
        Share::Nothing => return None,
        Share::Whole => None,
        Share::Parts(parts) => {
            let passing: Vec<_> = parts
                .iter()
                .filter(|(_, only)| only.is_none_or(|only| only.holds_for(value)))
                .map(|(found, _)| found.sub)
                .collect();
            if passing.is_empty() {
                return None;
            }
            Some(passing)
        }
    };
    let Value::Object(members) = value else { return Some(Rendered::Value(value)) };
    let shown = |sub: &&'static Attribute| match (&parts, sub.returned) {
        (_, Returned::Never) | (None, Returned::Request) => false,
        (_, Returned::Always) | (None, Returned::Default) => true,
        (Some(parts), returned) => parts.iter().any(|part| match part {
            None => returned == Returned::Default,
            Some(part) => part.name == sub.name,
        }),
    };
    let members: Vec<_> = attribute
        .sub
        .iter()
        .filter(shown)
        .filter_map(|sub| Some((sub.name, node(members.get(sub.name)?, sub, &Share::Whole)?)))
        .collect();
    (!members.is_empty()).then_some(Rendered::Members(members))
}
