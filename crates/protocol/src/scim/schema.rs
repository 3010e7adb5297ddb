//! What a resource is made of, as data: one table for each resource, from which validation, projection, filters, PATCH and
//! the documents below `/Schemas` are all derived (contract identity 6.1).

use serde_json::{Map, Value, json};

use super::path::AttributePath;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// An RFC 3339 date and time.
    DateTime,
    /// The address of a resource.
    Reference,
    /// An object with sub-attributes.
    Complex,
}

/// Who may write a value, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// The caller, at any time.
    ReadWrite,
    /// The service alone.
    ReadOnly,
    /// The caller, once.
    Immutable,
    /// The caller, and nobody reads it.
    WriteOnly,
}

/// When a value is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// In every projection.
    Always,
    /// Where the request does not choose.
    Default,
    /// Where the request names it.
    Request,
    /// Nowhere.
    Never,
}

/// Among what a value is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uniqueness {
    /// Nothing.
    None,
    /// The resources of its type.
    Server,
    /// All resources of the stripe.
    Global,
}

/// The definition of an attribute or sub-attribute.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// Its name, as it is spelled in answers.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether it has a list of them.
    pub multi_valued: bool,
    /// Whether a resource must have it.
    pub required: bool,
    /// Whether case distinguishes its values.
    pub case_exact: bool,
    /// Who may write it.
    pub mutability: Mutability,
    /// When it is answered.
    pub returned: Returned,
    /// Among what it is unique.
    pub uniqueness: Uniqueness,
    /// How many characters a text may have.
    pub max_length: usize,
    /// The values there are; empty for any.
    pub canonical: &'static [&'static str],
    /// The sub-attributes of a complex one.
    pub sub: &'static [Attribute],
}

/// The longest text of an attribute that does not say otherwise.
const LONGEST: usize = 256;

impl Attribute {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            multi_valued: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            max_length: LONGEST,
            canonical: &[],
            sub: &[],
        }
    }

    /// A text.
    pub const fn string(name: &'static str) -> Self {
        Self::new(name, Kind::String)
    }

    /// A truth value.
    pub const fn boolean(name: &'static str) -> Self {
        Self::new(name, Kind::Boolean)
    }

    /// A whole number.
    pub const fn integer(name: &'static str) -> Self {
        Self::new(name, Kind::Integer)
    }

    /// A date and time.
    pub const fn date_time(name: &'static str) -> Self {
        Self::new(name, Kind::DateTime)
    }

    /// An address; the service makes it.
    pub const fn reference(name: &'static str) -> Self {
        Self::new(name, Kind::Reference).read_only().exact()
    }

    /// An object.
    pub const fn complex(name: &'static str, sub: &'static [Attribute]) -> Self {
        let mut made = Self::new(name, Kind::Complex);
        made.sub = sub;
        made
    }

    /// With a list of values.
    #[must_use]
    pub const fn many(mut self) -> Self {
        self.multi_valued = true;
        self
    }

    /// That must be there.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Whose values case distinguishes.
    #[must_use]
    pub const fn exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    /// That only the service writes.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.mutability = Mutability::ReadOnly;
        self
    }

    /// That is written once.
    #[must_use]
    pub const fn immutable(mut self) -> Self {
        self.mutability = Mutability::Immutable;
        self
    }

    /// That nobody reads.
    #[must_use]
    pub const fn write_only(mut self) -> Self {
        self.mutability = Mutability::WriteOnly;
        self.returned = Returned::Never;
        self
    }

    /// That every projection has.
    #[must_use]
    pub const fn always(mut self) -> Self {
        self.returned = Returned::Always;
        self
    }

    /// That only who names it gets.
    #[must_use]
    pub const fn on_request(mut self) -> Self {
        self.returned = Returned::Request;
        self
    }

    /// That is unique among the resources of its type.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.uniqueness = Uniqueness::Server;
        self
    }

    /// That is unique in the stripe.
    #[must_use]
    pub const fn global(mut self) -> Self {
        self.uniqueness = Uniqueness::Global;
        self
    }

    /// Whose texts have at most so many characters.
    #[must_use]
    pub const fn at_most(mut self, characters: usize) -> Self {
        self.max_length = characters;
        self
    }

    /// That has one of these values.
    #[must_use]
    pub const fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.canonical = values;
        self
    }

    /// The sub-attribute of that name, in any case.
    pub fn find(&self, name: &str) -> Option<&'static Attribute> {
        find(self.sub, name)
    }

    /// The definition as `/Schemas` answers it.
    pub fn describe(&self) -> Value {
        let mut json = json!({
            "name": self.name,
            "type": match self.kind {
                Kind::String => "string",
                Kind::Boolean => "boolean",
                Kind::Integer => "integer",
                Kind::DateTime => "dateTime",
                Kind::Reference => "reference",
                Kind::Complex => "complex",
            },
            "multiValued": self.multi_valued,
            "required": self.required,
            "caseExact": self.case_exact,
            "mutability": match self.mutability {
                Mutability::ReadWrite => "readWrite",
                Mutability::ReadOnly => "readOnly",
                Mutability::Immutable => "immutable",
                Mutability::WriteOnly => "writeOnly",
            },
            "returned": match self.returned {
                Returned::Always => "always",
                Returned::Default => "default",
                Returned::Request => "request",
                Returned::Never => "never",
            },
            "uniqueness": match self.uniqueness {
                Uniqueness::None => "none",
                Uniqueness::Server => "server",
                Uniqueness::Global => "global",
            },
        });
        if let Some(members) = json.as_object_mut() {
            if self.kind == Kind::String {
                members.insert("idcsMaxLength".to_owned(), json!(self.max_length));
            }
            if !self.canonical.is_empty() {
                members.insert("canonicalValues".to_owned(), json!(self.canonical));
            }
            if !self.sub.is_empty() {
                let sub: Vec<_> = self.sub.iter().map(Self::describe).collect();
                members.insert("subAttributes".to_owned(), Value::Array(sub));
            }
        }
        json
    }
}

/// The attribute of that name, in any case.
pub fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// A schema: a URN and the attributes it names.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// Its URN.
    pub urn: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its attributes, in the order of answers.
    pub attributes: &'static [Attribute],
}

impl Schema {
    /// The schema as `/Schemas` answers it, at the stripe's address.
    pub fn describe(&self, base: &str) -> Map<String, Value> {
        let attributes: Vec<_> = self.attributes.iter().map(Attribute::describe).collect();
        let mut made = Map::new();
        made.insert("schemas".to_owned(), json!(["urn:ietf:params:scim:schemas:core:2.0:Schema"]));
        made.insert("id".to_owned(), json!(self.urn));
        made.insert("name".to_owned(), json!(self.name));
        made.insert("description".to_owned(), json!(self.description));
        made.insert("attributes".to_owned(), Value::Array(attributes));
        let location = format!("{base}/admin/v1/Schemas/{}", self.urn);
        made.insert("meta".to_owned(), json!({"resourceType": "Schema", "location": location}));
        made
    }
}

/// A type of resource.
#[derive(Debug, Clone, Copy)]
pub struct ResourceType {
    /// Its name, e.g. `User`; `meta.resourceType`.
    pub name: &'static str,
    /// Where its resources are, e.g. `/Users`.
    pub endpoint: &'static str,
    /// The schema of its own attributes.
    pub core: &'static Schema,
    /// The schemas that add to it.
    pub extensions: &'static [&'static Schema],
}

/// Who made or changed a resource.
const ACTOR: &[Attribute] = &[
    Attribute::string("type").read_only().one_of(&["User", "App"]),
    Attribute::string("value").read_only().exact(),
    Attribute::string("display").read_only(),
    Attribute::string("ocid").read_only().exact(),
    Attribute::reference("$ref"),
];

/// The schemas that are present.
pub const SCHEMAS: Attribute = Attribute::string("schemas").many().required().always().exact();
/// The SCIM id.
pub const ID: Attribute = Attribute::string("id").read_only().always().exact().global();
/// When it was made and changed, and where it is.
pub const META: Attribute = Attribute::complex(
    "meta",
    &[
        Attribute::date_time("created").read_only(),
        Attribute::date_time("lastModified").read_only(),
        Attribute::string("resourceType").read_only(),
        Attribute::reference("location"),
        Attribute::string("version").read_only().exact(),
    ],
)
.read_only();
/// Who made it.
pub const CREATED_BY: Attribute = Attribute::complex("idcsCreatedBy", ACTOR).read_only();
/// Who changed it last.
pub const LAST_MODIFIED_BY: Attribute = Attribute::complex("idcsLastModifiedBy", ACTOR).read_only();

/// What every resource has beside its own attributes.
pub const COMMON: &[Attribute] = &[
    SCHEMAS,
    ID,
    Attribute::string("ocid").read_only().exact().global(),
    META,
    CREATED_BY,
    LAST_MODIFIED_BY,
    Attribute::string("domainOcid").read_only().exact(),
    Attribute::string("compartmentOcid").read_only().exact(),
    Attribute::string("tenancyOcid").read_only().exact(),
];

/// An attribute that a path led to.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// The extension it belongs to; none for the core.
    pub extension: Option<&'static Schema>,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// The sub-attribute, when the path names one.
    pub sub: Option<&'static Attribute>,
}

impl Found {
    /// The definition of what the path names itself.
    pub fn leaf(&self) -> &'static Attribute {
        self.sub.unwrap_or(self.attribute)
    }

    /// The path in its own spelling, e.g. `name.familyName`.
    pub fn spelled(&self) -> String {
        let prefix = self.extension.map(|schema| format!("{}:", schema.urn)).unwrap_or_default();
        match self.sub {
            Some(sub) => format!("{prefix}{}.{}", self.attribute.name, sub.name),
            None => format!("{prefix}{}", self.attribute.name),
        }
    }

    /// The value in a resource, of the attribute and not its sub-attribute.
    pub fn value<'a>(&self, resource: &'a Map<String, Value>) -> Option<&'a Value> {
        let of = match self.extension {
            Some(schema) => resource.get(schema.urn)?.as_object()?,
            None => resource,
        };
        of.get(self.attribute.name)
    }
}

impl ResourceType {
    /// The attributes of the core, those of every resource first, unless its own table has a place for them.
    pub fn core_attributes(&self) -> impl Iterator<Item = &'static Attribute> {
        let own = self.core.attributes;
        let placed = |common: &&Attribute| own.iter().any(|attribute| attribute.name == common.name);
        COMMON.iter().filter(move |common| !placed(common)).chain(own)
    }

    /// The core attribute of that name, in any case.
    pub fn core_attribute(&self, name: &str) -> Option<&'static Attribute> {
        find(self.core.attributes, name).or_else(|| find(COMMON, name))
    }

    /// The extension of that URN, in any case.
    pub fn extension(&self, urn: &str) -> Option<&'static Schema> {
        self.extensions.iter().copied().find(|schema| schema.urn.eq_ignore_ascii_case(urn))
    }

    /// What a path names; none when the resource has nothing of that name.
    pub fn find(&self, path: &AttributePath) -> Option<Found> {
        let (extension, attribute) = match &path.urn {
            None => (None, self.core_attribute(&path.name)?),
            Some(urn) if urn.eq_ignore_ascii_case(self.core.urn) => (None, self.core_attribute(&path.name)?),
            Some(urn) => {
                let schema = self.extension(urn)?;
                (Some(schema), find(schema.attributes, &path.name)?)
            }
        };
        let sub = match &path.sub {
            Some(name) => Some(attribute.find(name)?),
            None => None,
        };
        Some(Found { extension, attribute, sub })
    }

    /// The type as `/ResourceTypes` answers it, at the stripe's address.
    pub fn describe(&self, base: &str) -> Map<String, Value> {
        let extensions: Vec<_> =
            self.extensions.iter().map(|schema| json!({"schema": schema.urn, "required": false})).collect();
        let mut made = Map::new();
        made.insert("schemas".to_owned(), json!(["urn:ietf:params:scim:schemas:core:2.0:ResourceType"]));
        made.insert("id".to_owned(), json!(self.name));
        made.insert("name".to_owned(), json!(self.name));
        made.insert("endpoint".to_owned(), json!(self.endpoint));
        made.insert("schema".to_owned(), json!(self.core.urn));
        made.insert("schemaExtensions".to_owned(), Value::Array(extensions));
        let location = format!("{base}/admin/v1/ResourceTypes/{}", self.name);
        made.insert("meta".to_owned(), json!({"resourceType": "ResourceType", "location": location}));
        made
    }
}
