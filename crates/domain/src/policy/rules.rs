//! What a tenancy's statements decide. They are bound to the tree of compartments once, so that a decision looks at each
//! statement that could matter without resolving a name.

use std::collections::HashMap;

use super::{
    Condition, Grant, GroupName, Permission, Permissions, Place, Statement, Subject, Value, Variable, granted_by,
};
use crate::{
    caller::{Caller, CallerGroup},
    compartments::{Tree, same_name},
};

/// An identity domain of the tenancy, whose groups statements may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Its name.
    pub name: String,
    /// Whether it is the default one, whose groups are named without it.
    pub is_default: bool,
}

/// What is to be done to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question<'a> {
    /// The operation's `operationId`.
    pub operation: &'a str,
    /// The permission it needs.
    pub permission: Permission,
    /// What it is done to.
    pub target: Target<'a>,
}

/// What an operation is done to, as far as conditions can ask about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Target<'a> {
    /// The compartment in which it needs the permission.
    pub compartment_id: &'a str,
    /// The instance's OCID, where it is about one.
    pub instance_id: Option<&'a str>,
    /// The instance's name.
    pub instance_name: Option<&'a str>,
    /// From where an instance is moved.
    pub source_compartment_id: Option<&'a str>,
    /// To where.
    pub destination_compartment_id: Option<&'a str>,
}

/// Why something is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The permission that is missing.
    pub permission: Permission,
    /// How many statements the tenancy has.
    pub statements: usize,
    /// How many of them speak of the user.
    pub of_the_user: usize,
    /// How many of those grant the permission there, and fail by their condition.
    pub by_condition: usize,
}

impl Denied {
    /// A statement that would have allowed it.
    pub fn example(&self, compartment_id: &str) -> String {
        let (verb, resource) = granted_by(self.permission);
        format!("allow group <group> to {verb} {resource} in compartment id {compartment_id}")
    }
}

/// A tenancy's compartments and statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    tree: Tree,
    /// By the name of the stripe.
    domains: HashMap<String, Domain>,
    statements: Vec<Bound>,
}

/// A statement with what it comes to in this tenancy.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    subject: Subject,
    permissions: Permissions,
    /// Where it holds; none where its path leads nowhere.
    compartment_id: Option<String>,
    condition: Option<Condition>,
}

impl Rules {
    /// Binds statements, each with the compartment its policy is attached to. A statement holds nowhere but in that
    /// compartment and below, whatever place it names.
    pub fn new(
        tree: Tree,
        domains: impl IntoIterator<Item = (String, Domain)>,
        statements: impl IntoIterator<Item = (String, Statement)>,
    ) -> Self {
        let bind = |(attached, statement): (String, Statement)| {
            let Statement { subject, grant, place, condition } = statement;
            let permissions = match grant {
                Grant::Verb(verb, resource) => Permissions::of(verb, resource),
                Grant::Permissions(permissions) => permissions.into_iter().collect(),
            };
            let compartment_id = locate(&tree, &attached, &place).map(str::to_owned);
            Bound { subject, permissions, compartment_id, condition }
        };
        let statements = statements.into_iter().map(bind).collect();
        Self { tree, domains: domains.into_iter().collect(), statements }
    }

    /// The compartments.
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Whether a policy attached to a compartment has a say in a place.
    pub fn governs(&self, attached: &str, place: &Place) -> bool {
        locate(&self.tree, attached, place).is_some()
    }

    /// Decides: one statement that grants the permission to the user there, and whose condition holds, is enough.
    ///
    /// # Errors
    ///
    /// [`Denied`] when there is none.
    pub fn decide(&self, caller: &Caller, question: &Question<'_>) -> Result<(), Denied> {
        let mut denied = Denied {
            permission: question.permission,
            statements: self.statements.len(),
            of_the_user: 0,
            by_condition: 0,
        };
        for statement in &self.statements {
            if !self.speaks_of(&statement.subject, caller) {
                continue;
            }
            denied.of_the_user += 1;
            let Some(place) = statement.compartment_id.as_deref() else { continue };
            if !statement.permissions.has(question.permission)
                || !self.tree.covers(place, question.target.compartment_id)
            {
                continue;
            }
            if statement.condition.as_ref().is_none_or(|condition| self.holds(condition, caller, question)) {
                return Ok(());
            }
            denied.by_condition += 1;
        }
        Err(denied)
    }

    /// Whether the user may do so.
    pub fn allows(&self, caller: &Caller, question: &Question<'_>) -> bool {
        self.decide(caller, question).is_ok()
    }

    fn holds(&self, condition: &Condition, caller: &Caller, question: &Question<'_>) -> bool {
        match condition {
            Condition::Any(conditions) => conditions.iter().any(|one| self.holds(one, caller, question)),
            Condition::All(conditions) => conditions.iter().all(|one| self.holds(one, caller, question)),
            Condition::Compare { variable, negated, value } => {
                let Some(values) = self.values(*variable, caller, question) else { return false };
                values.iter().any(|one| matches(value, one)) != *negated
            }
        }
    }

    /// What a variable stands for in a request; nothing where it does not apply.
    fn values<'a>(&'a self, variable: Variable, caller: &'a Caller, question: &Question<'a>) -> Option<Vec<&'a str>> {
        let target = question.target;
        let one = match variable {
            Variable::GroupsId => return Some(caller.groups.iter().map(|group| group.ocid.as_str()).collect()),
            Variable::Operation => Some(question.operation),
            Variable::Permission => Some(question.permission.as_str()),
            Variable::UserId => Some(caller.user_ocid.as_str()),
            Variable::UserName => Some(caller.user_name.as_str()),
            Variable::PrincipalType => Some("user"),
            Variable::CompartmentId => Some(target.compartment_id),
            Variable::CompartmentName => self.tree.get(target.compartment_id).map(|node| node.name.as_str()),
            Variable::InstanceId => target.instance_id,
            Variable::InstanceName => target.instance_name,
            Variable::SourceCompartmentId => target.source_compartment_id,
            Variable::DestinationCompartmentId => target.destination_compartment_id,
        };
        one.map(|one| vec![one])
    }

    fn speaks_of(&self, subject: &Subject, caller: &Caller) -> bool {
        let domain = self.domains.get(&caller.stripe);
        match subject {
            Subject::AnyUser => true,
            Subject::AnyGroup => !caller.groups.is_empty(),
            Subject::Groups(names) => {
                names.iter().any(|name| caller.groups.iter().any(|group| is_named(group, domain, name)))
            }
        }
    }
}

/// Where a statement holds, if that lies where its policy is attached.
fn locate<'a>(tree: &'a Tree, attached: &'a str, place: &'a Place) -> Option<&'a str> {
    let found = match place {
        Place::Tenancy => tree.root(),
        Place::Path(names) => tree.resolve(attached, names)?,
        Place::Id(id) => id,
    };
    tree.covers(attached, found).then_some(found)
}

/// A group without a domain is one of the default domain, which has that name too.
fn is_named(group: &CallerGroup, domain: Option<&Domain>, name: &GroupName) -> bool {
    match name {
        GroupName::Id(id) => group.ocid == *id,
        GroupName::Named { domain: wanted, name } => {
            let in_domain = domain.is_some_and(|domain| match wanted.as_deref() {
                None => domain.is_default,
                Some(wanted) => same_name(&domain.name, wanted) || (domain.is_default && same_name("Default", wanted)),
            });
            in_domain && same_name(&group.name, name)
        }
    }
}

fn matches(value: &Value, text: &str) -> bool {
    match value {
        Value::Text(wanted) => same_name(wanted, text),
        Value::Pattern(pattern) => fits(&pattern.to_lowercase(), &text.to_lowercase()),
    }
}

/// Whether a text fits a pattern in which `*` stands for any characters. Each piece is looked for where the one before it
/// ended, so that the cost is bounded by the length of both.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(text) = text.strip_suffix(last) else { return false };
    let mut left = text;
    middle.split('*').all(|piece| {
        let found = left.find(piece).and_then(|at| left.get(at + piece.len()..));
        left = found.unwrap_or_default();
        found.is_some()
    })
}
