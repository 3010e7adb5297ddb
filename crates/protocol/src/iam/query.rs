//! The queries of the lists. Values of enumerations take any case, as in the Analytics API.

use crate::analytics::{
    enums::Vocabulary,
    fields::{FieldFault, FieldProblem},
    query::{Page, Parameters, SortOrder},
};

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// By when it was made; the newest first unless told otherwise.
    TimeCreated,
    /// By name.
    Name,
}

impl Vocabulary for Sort {
    const ALL: &'static [Self] = &[Self::TimeCreated, Self::Name];

    fn as_str(self) -> &'static str {
        match self {
            Self::TimeCreated => "TIMECREATED",
            Self::Name => "NAME",
        }
    }
}

/// Which compartments are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// All of them.
    Any,
    /// Those in which, or below which, the caller may list something.
    Accessible,
}

impl Vocabulary for Access {
    const ALL: &'static [Self] = &[Self::Any, Self::Accessible];

    fn as_str(self) -> &'static str {
        match self {
            Self::Any => "ANY",
            Self::Accessible => "ACCESSIBLE",
        }
    }
}

/// Where something is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Being made.
    Creating,
    /// There.
    Active,
    /// Not in use.
    Inactive,
    /// Being removed.
    Deleting,
    /// Removed.
    Deleted,
}

impl Vocabulary for State {
    const ALL: &'static [Self] = &[Self::Creating, Self::Active, Self::Inactive, Self::Deleting, Self::Deleted];

    fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "CREATING",
            Self::Active => super::ACTIVE,
            Self::Inactive => "INACTIVE",
            Self::Deleting => "DELETING",
            Self::Deleted => "DELETED",
        }
    }
}

/// What the lists have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Of which compartment.
    pub compartment_id: String,
    /// Exactly this name.
    pub name: Option<String>,
    /// Only this state.
    pub state: Option<State>,
    /// By what.
    pub sort: Sort,
    /// In which direction.
    pub order: SortOrder,
    /// Which part.
    pub page: Page,
}

impl List {
    /// Reads and checks the query of ListPolicies.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(query: &str) -> Result<Self, FieldProblem> {
        Self::read(&Parameters::parse(query)?)
    }

    fn read(parameters: &Parameters) -> Result<Self, FieldProblem> {
        let sort = parameters.vocabulary("sortBy")?.unwrap_or(Sort::Name);
        let default_order = match sort {
            Sort::TimeCreated => SortOrder::Descending,
            Sort::Name => SortOrder::Ascending,
        };
        Ok(Self {
            compartment_id: parameters.required_text("compartmentId")?,
            name: parameters.text("name")?.map(str::to_owned),
            state: parameters.vocabulary("lifecycleState")?,
            sort,
            order: parameters.vocabulary("sortOrder")?.unwrap_or(default_order),
            page: Page::read(parameters)?,
        })
    }
}

/// The query of ListCompartments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCompartments {
    /// What all lists have.
    pub list: List,
    /// Which ones.
    pub access: Access,
    /// Those below as well.
    pub in_subtree: bool,
}

impl ListCompartments {
    /// Reads and checks the query.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(query: &str) -> Result<Self, FieldProblem> {
        let parameters = Parameters::parse(query)?;
        let in_subtree = match parameters.text("compartmentIdInSubtree")? {
            None => false,
            Some(text) if text.eq_ignore_ascii_case("false") => false,
            Some(text) if text.eq_ignore_ascii_case("true") => true,
            Some(text) => {
                return Err(FieldProblem {
                    fault: FieldFault::OutOfBounds,
                    field: "compartmentIdInSubtree".to_owned(),
                    expected: "true or false".to_owned(),
                    seen: crate::description::describe(text),
                });
            }
        };
        let access = parameters.vocabulary("accessLevel")?.unwrap_or(Access::Any);
        Ok(Self { list: List::read(&parameters)?, access, in_subtree })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_with_its_defaults() {
        let read = ListCompartments::parse("compartmentId=ocid1.tenancy.oc1..a").unwrap();
        assert_eq!((read.access, read.in_subtree, read.list.sort), (Access::Any, false, Sort::Name));
        assert_eq!((read.list.order, read.list.state, read.list.page.limit), (SortOrder::Ascending, None, 100));
        let query = "compartmentId=a&accessLevel=accessible&compartmentIdInSubtree=True&sortBy=TIMECREATED&lifecycleState=ACTIVE";
        let read = ListCompartments::parse(query).unwrap();
        assert_eq!((read.access, read.in_subtree), (Access::Accessible, true));
        assert_eq!((read.list.order, read.list.state), (SortOrder::Descending, Some(State::Active)));
    }

    #[test]
    fn a_query_that_breaks_a_bound_names_its_parameter() {
        for (query, field) in [
            ("", "compartmentId"),
            ("compartmentId=", "compartmentId"),
            ("compartmentId=a&compartmentId=b", "compartmentId"),
            ("compartmentId=a&accessLevel=SOME", "accessLevel"),
            ("compartmentId=a&compartmentIdInSubtree=1", "compartmentIdInSubtree"),
            ("compartmentId=a&sortBy=AGE", "sortBy"),
            ("compartmentId=a&sortOrder=UP", "sortOrder"),
            ("compartmentId=a&lifecycleState=GONE", "lifecycleState"),
            ("compartmentId=a&limit=0", "limit"),
            ("compartmentId=a&limit=1001", "limit"),
            ("compartmentId=a&page=x", "page"),
            ("compartmentId=a&name=", "name"),
        ] {
            assert_eq!(ListCompartments::parse(query).unwrap_err().field, field, "{query}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_never_panics(query in ".*") {
            let _ = (ListCompartments::parse(&query), List::parse(&query));
        }
    }
}
