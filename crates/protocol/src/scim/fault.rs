//! What can be wrong with a SCIM request, each with its message id and text (contract identity 6.2). Of the caller's own
//! text nothing is repeated: names come from the schema.

use http::StatusCode;

use super::{ScimError, filter::FilterError};

/// Why a request cannot be taken as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The body is no JSON object.
    #[error("the body is not a JSON object")]
    NotObject,
    /// The body does not name the schema it is made by.
    #[error("the body's schemas lack {0}")]
    Schema(&'static str),
    /// Attributes that must be there are not.
    #[error("required attributes are missing")]
    Missing(Vec<String>),
    /// A user has no primary address.
    #[error("there is no primary email")]
    PrimaryEmail,
    /// A text is too long.
    #[error("{attribute} has more than {most} characters")]
    TooLong {
        /// Which.
        attribute: String,
        /// How many there may be.
        most: usize,
    },
    /// There are too many values.
    #[error("{attribute} has more than {most} values")]
    TooManyValues {
        /// Of what.
        attribute: String,
        /// How many there may be.
        most: usize,
    },
    /// A value is of another type.
    #[error("{attribute} is not {expected}")]
    Type {
        /// Which.
        attribute: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// A value is none of those there are, or otherwise not possible.
    #[error("{attribute} has a value that is not possible")]
    Value {
        /// Which.
        attribute: String,
        /// What is possible.
        expected: String,
    },
    /// An attribute is given twice, in different spelling.
    #[error("{0} is given twice")]
    Twice(String),
    /// Only the service writes it.
    #[error("{0} is read-only")]
    ReadOnly(String),
    /// It has been written already.
    #[error("{0} cannot be changed")]
    Immutable(String),
    /// The filter cannot be read.
    #[error("the filter cannot be read")]
    Filter(#[from] FilterError),
    /// A filter names what the resource does not have.
    #[error("the filter names an attribute that is not there")]
    FilterAttribute,
    /// An attribute cannot be filtered by.
    #[error("{0} cannot be filtered by")]
    NotFilterable(String),
    /// An operator or a literal does not go with the attribute.
    #[error("the operator or value does not go with {0}")]
    FilterValue(String),
    /// An attribute cannot be sorted by.
    #[error("the list cannot be sorted by it")]
    NotSortable {
        /// What can be.
        among: String,
    },
    /// A query parameter has no possible value.
    #[error("the parameter {0} is not valid")]
    Parameter(&'static str),
    /// A query parameter is given twice.
    #[error("the parameter {0} is given twice")]
    ParameterTwice(&'static str),
    /// A page token is not one of this list.
    #[error("the page token is not of this list")]
    PageToken,
    /// An operation of a PATCH is none of those there are.
    #[error("an operation of the PATCH cannot be read")]
    Operation(&'static str),
    /// A path of a PATCH leads to nothing the resource can have.
    #[error("the path of an operation names an attribute that is not there")]
    Path,
    /// A path of a PATCH selects no value.
    #[error("the path of an operation selects nothing")]
    NoTarget,
    /// What a PATCH would make is too large.
    #[error("the changed resource would be too large")]
    TooLarge,
}

impl Fault {
    /// The answer.
    pub fn answer(&self) -> ScimError {
        let (id, detail) = self.words();
        ScimError::new(StatusCode::BAD_REQUEST, id, detail)
    }

    fn words(&self) -> (&'static str, String) {
        const SYNTAX: &str = "error.common.validation.invalidSyntax";
        const VALUE: &str = "error.common.validation.invalidAttributeValue";
        const FILTER: &str = "error.common.validation.invalidFilter";
        const PATCH: &str = "error.common.validation.invalidPatchOperation";
        match self {
            Self::NotObject => (SYNTAX, "The request body must be a JSON object.".to_owned()),
            Self::Schema(urn) => {
                ("error.common.validation.invalidSchema", format!("The attribute schemas must contain {urn}."))
            }
            Self::Missing(names) => (
                "error.common.validation.missingReqAttributes",
                format!("Missing required attribute(s): {}.", names.join(",")),
            ),
            Self::PrimaryEmail => {
                ("error.identity.user.primaryEmailNotSpecified", "The primary email must be specified.".to_owned())
            }
            Self::TooLong { attribute, most } => (
                "error.common.validation.stringExceedsMaxLimit",
                format!("The value of {attribute} exceeds the maximum length of {most} characters."),
            ),
            Self::TooManyValues { attribute, most } => (
                "error.common.validation.tooManyValues",
                format!("The attribute {attribute} exceeds the maximum of {most} values."),
            ),
            Self::Type { attribute, expected } => {
                ("error.common.validation.invalidType", format!("The value of {attribute} must be {expected}."))
            }
            Self::Value { attribute, expected } => {
                (VALUE, format!("The value of {attribute} is not valid. It must be {expected}."))
            }
            Self::Twice(attribute) => (SYNTAX, format!("The attribute {attribute} is given more than once.")),
            Self::ReadOnly(attribute) => {
                ("error.common.validation.readOnlyAttribute", format!("The attribute {attribute} is read-only."))
            }
            Self::Immutable(attribute) => (
                "error.common.validation.immutableAttribute",
                format!("The attribute {attribute} is immutable and cannot be changed."),
            ),
            Self::Filter(error) => (FILTER, format!("The filter is not valid: {error}.")),
            Self::FilterAttribute => {
                (FILTER, "The filter is not valid: it names an attribute that the resource does not have.".to_owned())
            }
            Self::NotFilterable(attribute) => {
                (FILTER, format!("The filter is not valid: {attribute} is not searchable."))
            }
            Self::FilterValue(attribute) => {
                (FILTER, format!("The filter is not valid: the operator or value does not go with {attribute}."))
            }
            Self::NotSortable { among } => (
                "error.common.validation.invalidSortBy",
                format!("The list cannot be sorted by this attribute. Sortable are {among}."),
            ),
            Self::Parameter(name) => {
                ("error.common.validation.invalidParameter", format!("The query parameter {name} is not valid."))
            }
            Self::ParameterTwice(name) => (
                "error.common.validation.invalidParameter",
                format!("The query parameter {name} is given more than once."),
            ),
            Self::PageToken => (
                "error.common.validation.invalidParameter",
                "The page token does not belong to this list. Begin again without it.".to_owned(),
            ),
            Self::Operation(reason) => (PATCH, format!("The patch operation is not valid: {reason}.")),
            Self::Path => (
                "error.common.validation.invalidPath",
                "The path of a patch operation names an attribute that the resource does not have.".to_owned(),
            ),
            Self::NoTarget => (
                "error.common.validation.noTarget",
                "The path of a patch operation does not select any value.".to_owned(),
            ),
            Self::TooLarge => (PATCH, "The patch operation is not valid: the result is too large.".to_owned()),
        }
    }

    /// The named check that refused.
    pub const fn check(&self) -> &'static str {
        match self {
            Self::NotObject => "body_readable",
            Self::Schema(_) => "schemas_fit",
            Self::Missing(_) | Self::PrimaryEmail => "required_attributes_present",
            Self::TooLong { .. } | Self::TooManyValues { .. } | Self::TooLarge => "attribute_size",
            Self::Type { .. } | Self::Twice(_) => "attribute_type",
            Self::Value { .. } => "attribute_value",
            Self::ReadOnly(_) | Self::Immutable(_) => "attribute_mutable",
            Self::Filter(_) => "filter_readable",
            Self::FilterAttribute | Self::NotFilterable(_) | Self::FilterValue(_) => "filter_fits_resource",
            Self::NotSortable { .. } => "sortable_attribute",
            Self::Parameter(_) | Self::ParameterTwice(_) => "query_readable",
            Self::PageToken => "page_token_fits",
            Self::Operation(_) => "patch_readable",
            Self::Path | Self::NoTarget => "patch_path_fits",
        }
    }
}
