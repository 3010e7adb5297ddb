//! The query parameters of the list operations (contract analytics 1, "Query parameters").

use super::{
    CapacityType, FeatureSet, LifecycleState, WorkRequestStatus,
    enums::Vocabulary,
    fields::{FieldFault, FieldProblem},
    work_request::RESOURCE_TYPE,
};
use crate::{
    description::{describe, describe_among, describe_number},
    oci::{PageToken, page_token},
    percent::{self, Plus},
};

/// How many items a page has when the caller does not say. Oracle does not publish its own default.
pub const DEFAULT_LIMIT: i64 = 100;
/// The most items a caller may ask for.
pub const MOST_ITEMS: i64 = 1000;
/// The longest identifier or name in a query, in characters.
const LONGEST: usize = 255;

/// The decoded parameters of a query string, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Decodes a query string: `+` is a space, `%XX` a byte, the whole UTF-8.
    ///
    /// # Errors
    ///
    /// [`FieldFault::OutOfBounds`] when an escape is broken or the result is not UTF-8.
    pub fn parse(query: &str) -> Result<Self, FieldProblem> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                match (decode(name), decode(value)) {
                    (Some(name), Some(value)) => Ok((name, value)),
                    (name, _) => {
                        Err(out_of_bounds(known_name(name.as_deref()), "percent-encoded UTF-8", describe(pair)))
                    }
                }
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The one value of a parameter.
    fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, FieldProblem> {
        let mut values = self.all(name);
        let first = values.next();
        match values.next() {
            None => Ok(first),
            Some(_) => Err(out_of_bounds(name, "one value", format!("{} values", self.all(name).count()))),
        }
    }

    pub(crate) fn text<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, FieldProblem> {
        let Some(value) = self.one(name)? else { return Ok(None) };
        let length = value.chars().count();
        if (1..=LONGEST).contains(&length) {
            return Ok(Some(value));
        }
        Err(out_of_bounds(name, format!("1 to {LONGEST} characters"), format!("{length} characters")))
    }

    pub(crate) fn required_text(&self, name: &'static str) -> Result<String, FieldProblem> {
        self.text(name)?.map(str::to_owned).ok_or_else(|| FieldProblem {
            fault: FieldFault::Missing,
            field: name.to_owned(),
            expected: "a value".to_owned(),
            seen: "no such parameter".to_owned(),
        })
    }

    pub(crate) fn vocabulary<T: Vocabulary>(&self, name: &'static str) -> Result<Option<T>, FieldProblem> {
        self.one(name)?.map(|value| known(name, value)).transpose()
    }
}

fn known<T: Vocabulary>(name: &str, value: &str) -> Result<T, FieldProblem> {
    T::any_case(value).ok_or_else(|| out_of_bounds(name, T::spellings(), T::describe(value)))
}

/// A parameter's name for a refusal. One that nobody knows is not repeated: it is the caller's text like any value.
fn known_name(name: Option<&str>) -> &'static str {
    const KNOWN: [&str; 12] = [
        "capacityType",
        "compartmentId",
        "featureSet",
        "lifecycleState",
        "limit",
        "name",
        "page",
        "resourceId",
        "resourceType",
        "sortBy",
        "sortOrder",
        "status",
    ];
    KNOWN.into_iter().find(|known| Some(*known) == name).unwrap_or("query")
}

fn out_of_bounds(field: &str, expected: impl Into<String>, seen: impl Into<String>) -> FieldProblem {
    FieldProblem {
        fault: FieldFault::OutOfBounds,
        field: field.to_owned(),
        expected: expected.into(),
        seen: seen.into(),
    }
}

fn decode(text: &str) -> Option<String> {
    let bytes = percent::decode(text.as_bytes(), Plus::Space).ok()?;
    // No identifier has a NUL, and not every database takes one.
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// 1 to 1000 items.
    pub limit: i64,
    /// Where the page before ended.
    pub after: Option<PageToken>,
}

impl Page {
    /// Reads `limit` and `page`.
    ///
    /// # Errors
    ///
    /// [`FieldProblem`] when the limit is not 1 to 1000, or the token is none of this service's.
    pub fn read(parameters: &Parameters) -> Result<Self, FieldProblem> {
        let limit = match parameters.one("limit")? {
            None => DEFAULT_LIMIT,
            Some(text) => text
                .parse::<i64>()
                .ok()
                .filter(|limit| (1..=MOST_ITEMS).contains(limit))
                .ok_or_else(|| out_of_bounds("limit", "a whole number from 1 to 1000", describe_number(text)))?,
        };
        let after = match parameters.one("page")? {
            None => None,
            Some(text) if text.is_empty() || text.chars().count() > page_token::LONGEST => {
                return Err(out_of_bounds("page", "1 to 512 characters", format!("{} bytes", text.len())));
            }
            Some(text) => Some(PageToken::parse(text).map_err(|_| Self::foreign(text))?),
        };
        Ok(Self { limit, after })
    }

    /// The problem with a token that another list, or nobody, gave out.
    pub fn foreign(token: &str) -> FieldProblem {
        out_of_bounds("page", "the opc-next-page header of an earlier answer to the same query", describe(token))
    }
}

/// In which direction a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortOrder {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

impl Vocabulary for SortOrder {
    const ALL: &'static [Self] = &[Self::Ascending, Self::Descending];

    fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "ASC",
            Self::Descending => "DESC",
        }
    }
}

/// What a list of instances may be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceSort {
    /// By what its capacity counts.
    CapacityType,
    /// By how many.
    CapacityValue,
    /// By edition.
    FeatureSet,
    /// By state.
    LifecycleState,
    /// By name.
    Name,
    /// By when it was asked for; the newest first unless told otherwise.
    TimeCreated,
}

impl Vocabulary for InstanceSort {
    const ALL: &'static [Self] = &[
        Self::CapacityType,
        Self::CapacityValue,
        Self::FeatureSet,
        Self::LifecycleState,
        Self::Name,
        Self::TimeCreated,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::CapacityType => "capacityType",
            Self::CapacityValue => "capacityValue",
            Self::FeatureSet => "featureSet",
            Self::LifecycleState => "lifecycleState",
            Self::Name => "name",
            Self::TimeCreated => "timeCreated",
        }
    }
}

/// The query of ListAnalyticsInstances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListAnalyticsInstances {
    /// Whose children are listed.
    pub compartment_id: String,
    /// Exactly this name.
    pub name: Option<String>,
    /// Only this type.
    pub capacity_type: Option<CapacityType>,
    /// Only this edition.
    pub feature_set: Option<FeatureSet>,
    /// Only this state.
    pub lifecycle_state: Option<LifecycleState>,
    /// By what.
    pub sort_by: InstanceSort,
    /// In which direction.
    pub sort_order: SortOrder,
    /// Which part.
    pub page: Page,
}

impl ListAnalyticsInstances {
    /// Reads and checks the query.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(query: &str) -> Result<Self, FieldProblem> {
        let parameters = Parameters::parse(query)?;
        let sort_by = parameters.vocabulary("sortBy")?.unwrap_or(InstanceSort::TimeCreated);
        let default_order = match sort_by {
            InstanceSort::TimeCreated => SortOrder::Descending,
            InstanceSort::CapacityType
            | InstanceSort::CapacityValue
            | InstanceSort::FeatureSet
            | InstanceSort::LifecycleState
            | InstanceSort::Name => SortOrder::Ascending,
        };
        Ok(Self {
            compartment_id: parameters.required_text("compartmentId")?,
            name: parameters.text("name")?.map(str::to_owned),
            capacity_type: parameters.vocabulary("capacityType")?,
            feature_set: parameters.vocabulary("featureSet")?,
            lifecycle_state: parameters.vocabulary("lifecycleState")?,
            sort_by,
            sort_order: parameters.vocabulary("sortOrder")?.unwrap_or(default_order),
            page: Page::read(&parameters)?,
        })
    }
}

/// What a list of work requests may be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkRequestSort {
    /// By OCID.
    Id,
    /// By what it does.
    OperationType,
    /// By state.
    Status,
    /// By when it was accepted.
    TimeAccepted,
    /// By when it began; those that have not come first.
    TimeStarted,
    /// By when it ended; those that have not come first.
    TimeFinished,
}

impl Vocabulary for WorkRequestSort {
    const ALL: &'static [Self] =
        &[Self::Id, Self::OperationType, Self::Status, Self::TimeAccepted, Self::TimeStarted, Self::TimeFinished];

    fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::OperationType => "operationType",
            Self::Status => "status",
            Self::TimeAccepted => "timeAccepted",
            Self::TimeStarted => "timeStarted",
            Self::TimeFinished => "timeFinished",
        }
    }
}

/// The query of ListWorkRequests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListWorkRequests {
    /// Whose work is listed.
    pub compartment_id: String,
    /// Only work on this resource.
    pub resource_id: Option<String>,
    /// Only these states; empty for all.
    pub statuses: Vec<WorkRequestStatus>,
    /// By what.
    pub sort_by: WorkRequestSort,
    /// In which direction.
    pub sort_order: SortOrder,
    /// Which part.
    pub page: Page,
}

impl ListWorkRequests {
    /// Reads and checks the query.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(query: &str) -> Result<Self, FieldProblem> {
        let parameters = Parameters::parse(query)?;
        if let Some(other) = parameters.one("resourceType")?.filter(|text| !text.eq_ignore_ascii_case(RESOURCE_TYPE)) {
            return Err(out_of_bounds("resourceType", RESOURCE_TYPE, describe_among(other, [RESOURCE_TYPE])));
        }
        let mut statuses: Vec<WorkRequestStatus> =
            parameters.all("status").map(|value| known("status", value)).collect::<Result<_, _>>()?;
        statuses.sort_unstable();
        statuses.dedup();
        let sort_by = parameters.vocabulary("sortBy")?.unwrap_or(WorkRequestSort::TimeAccepted);
        let default_order = match sort_by {
            WorkRequestSort::TimeAccepted | WorkRequestSort::TimeStarted | WorkRequestSort::TimeFinished => {
                SortOrder::Descending
            }
            WorkRequestSort::Id | WorkRequestSort::OperationType | WorkRequestSort::Status => SortOrder::Ascending,
        };
        Ok(Self {
            compartment_id: parameters.required_text("compartmentId")?,
            resource_id: parameters.text("resourceId")?.map(str::to_owned),
            statuses,
            sort_by,
            sort_order: parameters.vocabulary("sortOrder")?.unwrap_or(default_order),
            page: Page::read(&parameters)?,
        })
    }
}

/// What a list of resource groups may be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceGroupSort {
    /// By id.
    Id,
    /// By name.
    ResourceName,
    /// By how people call it; those that have no such name come first.
    DisplayName,
    /// By description; those that have none come first.
    Description,
    /// By OCPUs.
    Capacity,
    /// By state. A group has none that is shown, so this is the order of the ids.
    Status,
}

impl Vocabulary for ResourceGroupSort {
    const ALL: &'static [Self] =
        &[Self::Id, Self::ResourceName, Self::DisplayName, Self::Description, Self::Capacity, Self::Status];

    fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::ResourceName => "resourceName",
            Self::DisplayName => "displayName",
            Self::Description => "description",
            Self::Capacity => "capacity",
            Self::Status => "status",
        }
    }
}

/// The query of ListResourceGroups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListResourceGroups {
    /// Exactly this name.
    pub name: Option<String>,
    /// By what; none for the default group first, then by name.
    pub sort_by: Option<ResourceGroupSort>,
    /// In which direction.
    pub sort_order: SortOrder,
    /// Which part.
    pub page: Page,
}

impl ListResourceGroups {
    /// Reads and checks the query.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(query: &str) -> Result<Self, FieldProblem> {
        let parameters = Parameters::parse(query)?;
        Ok(Self {
            name: parameters.text("name")?.map(str::to_owned),
            sort_by: parameters.vocabulary("sortBy")?,
            sort_order: parameters.vocabulary("sortOrder")?.unwrap_or(SortOrder::Ascending),
            page: Page::read(&parameters)?,
        })
    }
}

/// The query of a list that can only be paged.
///
/// # Errors
///
/// [`FieldProblem`]
pub fn parse_page(query: &str) -> Result<Page, FieldProblem> {
    Page::read(&Parameters::parse(query)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_contract() {
        // Contract analytics 1: default ascending, except timeCreated descending.
        let list = ListAnalyticsInstances::parse("compartmentId=c").unwrap();
        assert_eq!((list.sort_by, list.sort_order), (InstanceSort::TimeCreated, SortOrder::Descending));
        assert_eq!(list.page, Page { limit: DEFAULT_LIMIT, after: None });
        let list = ListAnalyticsInstances::parse("compartmentId=c&sortBy=name").unwrap();
        assert_eq!(list.sort_order, SortOrder::Ascending);
    }

    #[test]
    fn values_are_decoded_and_enums_take_any_case() {
        let list = ListAnalyticsInstances::parse(
            "compartmentId=a%2Fb+c&name=caf%C3%A9&capacityType=olpu_count&featureSet=Enterprise_Analytics&\
             lifecycleState=active&sortOrder=desc&sortBy=capacityValue&limit=1000",
        )
        .unwrap();
        assert_eq!((list.compartment_id.as_str(), list.name.as_deref()), ("a/b c", Some("café")));
        assert_eq!(list.lifecycle_state, Some(LifecycleState::Active));
        assert_eq!(list.sort_order, SortOrder::Descending);
    }

    #[test]
    fn every_bound_is_held() {
        use FieldFault::{Missing, OutOfBounds};
        let long = "x".repeat(256);
        let token = "x".repeat(513);
        for (query, fault, field) in [
            (String::new(), Missing, "compartmentId"),
            ("compartmentId=".to_owned(), OutOfBounds, "compartmentId"),
            (format!("compartmentId={long}"), OutOfBounds, "compartmentId"),
            ("compartmentId=a&compartmentId=b".to_owned(), OutOfBounds, "compartmentId"),
            (format!("compartmentId=c&name={long}"), OutOfBounds, "name"),
            ("compartmentId=c&name=".to_owned(), OutOfBounds, "name"),
            ("compartmentId=c&name=%C3".to_owned(), OutOfBounds, "name"),
            ("compartmentId=c&name=%4".to_owned(), OutOfBounds, "name"),
            ("compartmentId=c&name=%zz".to_owned(), OutOfBounds, "name"),
            ("compartmentId=c&name=a%00".to_owned(), OutOfBounds, "name"),
            ("compartmentId=c&capacityType=OCPU".to_owned(), OutOfBounds, "capacityType"),
            ("compartmentId=c&featureSet=x".to_owned(), OutOfBounds, "featureSet"),
            ("compartmentId=c&lifecycleState=GONE".to_owned(), OutOfBounds, "lifecycleState"),
            ("compartmentId=c&sortBy=colour".to_owned(), OutOfBounds, "sortBy"),
            ("compartmentId=c&sortOrder=up".to_owned(), OutOfBounds, "sortOrder"),
            ("compartmentId=c&limit=0".to_owned(), OutOfBounds, "limit"),
            ("compartmentId=c&limit=1001".to_owned(), OutOfBounds, "limit"),
            ("compartmentId=c&limit=ten".to_owned(), OutOfBounds, "limit"),
            ("compartmentId=c&page=".to_owned(), OutOfBounds, "page"),
            ("compartmentId=c&page=nonsense".to_owned(), OutOfBounds, "page"),
            (format!("compartmentId=c&page={token}"), OutOfBounds, "page"),
        ] {
            let problem = ListAnalyticsInstances::parse(&query).unwrap_err();
            assert_eq!((problem.fault, problem.field.as_str()), (fault, field), "{query}");
        }
    }

    #[test]
    fn status_may_be_repeated() {
        // Contract analytics 1, operation 25.
        let list =
            ListWorkRequests::parse("compartmentId=c&status=IN_PROGRESS&status=accepted&status=ACCEPTED").unwrap();
        assert_eq!(list.statuses, [WorkRequestStatus::Accepted, WorkRequestStatus::InProgress]);
        for wrong in ["status=DONE", "resourceType=VCN", "sortBy=name", "resourceId="] {
            let problem = ListWorkRequests::parse(&format!("compartmentId=c&{wrong}")).unwrap_err();
            assert_eq!(problem.fault, FieldFault::OutOfBounds, "{wrong}");
        }
    }

    #[test]
    fn groups_are_listed_with_the_default_one_first_unless_told_otherwise() {
        // Contract analytics 1, operation 20.
        let list = ListResourceGroups::parse("").unwrap();
        assert_eq!((list.sort_by, list.sort_order, list.name), (None, SortOrder::Ascending, None));
        let list = ListResourceGroups::parse("name=a+b&sortBy=displayname&sortOrder=desc&limit=1").unwrap();
        assert_eq!((list.name.as_deref(), list.sort_by), (Some("a b"), Some(ResourceGroupSort::DisplayName)));
        for wrong in ["name=", "name=a&name=b", "sortBy=name", "sortOrder=up", "limit=0", "limit=1001", "page=x"] {
            let problem = ListResourceGroups::parse(wrong).unwrap_err();
            let field = wrong.split_once('=').unwrap().0;
            assert_eq!((problem.fault, problem.field.as_str()), (FieldFault::OutOfBounds, field), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_query_never_panics(query: String) {
            let _ = ListResourceGroups::parse(&query);
            let _ = ListAnalyticsInstances::parse(&query);
            let _ = ListWorkRequests::parse(&query);
        }
    }
}
