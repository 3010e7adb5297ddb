//! The language, and what it decides, beside a naive reference.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::{
    caller::{Caller, CallerGroup},
    compartments::{Node, Tree},
};

fn read(text: &str) -> Statement {
    text.parse().unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
}

fn refused(text: &str) -> Fault {
    text.parse::<Statement>().map_or_else(|fault| fault, |statement| panic!("{text} is read as {statement}"))
}

/// The tenancy `t` with `t/a/b` and `t/x`.
fn tree() -> Tree {
    let node = |parent: &str, name: &str| Node { parent_id: parent.into(), name: name.into() };
    Tree::new("t", "acme", [("a", "t", "A"), ("b", "a", "B"), ("x", "t", "X")].map(|(i, p, n)| (i.into(), node(p, n))))
}

fn domains() -> [(String, Domain); 2] {
    [("idcs-1", "Main", true), ("idcs-2", "Other", false)]
        .map(|(stripe, name, is_default)| (stripe.to_owned(), Domain { name: name.to_owned(), is_default }))
}

fn rules(statements: &[(&str, &str)]) -> Rules {
    Rules::new(tree(), domains(), statements.iter().map(|(attached, text)| ((*attached).to_owned(), read(text))))
}

fn group(ocid: &str, name: &str) -> CallerGroup {
    CallerGroup { ocid: ocid.into(), name: name.into() }
}

/// A user of the default domain in the groups Admins and Ops.
fn caller() -> Caller {
    Caller {
        tenancy_id: "t".into(),
        stripe: "idcs-1".into(),
        user_id: "ada".into(),
        user_ocid: "ocid1.user.oc1..u".into(),
        user_name: "ada@example.com".into(),
        is_administrator: false,
        groups: vec![group("g1", "Admins"), group("g2", "Ops")],
    }
}

fn question(compartment_id: &str, permission: Permission) -> Question<'_> {
    let target = Target {
        compartment_id,
        instance_id: Some("ocid1.analyticsinstance.oc1..i"),
        instance_name: Some("Sales_1"),
        ..Target::default()
    };
    Question { operation: "GetAnalyticsInstance", permission, target }
}

fn allows(attached: &str, text: &str, compartment_id: &str, permission: Permission) -> bool {
    rules(&[(attached, text)]).allows(&caller(), &question(compartment_id, permission))
}

/// Whether the condition holds for a read of the instance in `b`.
fn holds(condition: &str) -> bool {
    allows(
        "t",
        &format!("allow any-user to read analytics-instances in tenancy where {condition}"),
        "b",
        Permission::InstanceRead,
    )
}

#[test]
fn statements_of_oracles_examples_are_read_and_printed_in_one_way() {
    for (text, printed) in [
        (
            "Allow group Administrators to manage analytics-instances in tenancy",
            "allow group Administrators to manage analytics-instances in tenancy",
        ),
        (
            "ALLOW GROUP A-Admins,B-Admins TO Use Analytics-Instance-Work-Requests IN Compartment Projects : Deep",
            "allow group A-Admins, B-Admins to use analytics-instance-work-requests in compartment Projects:Deep",
        ),
        (
            "allow group id ocid1.group.oc1..aa, id ocid1.group.oc1..bb to inspect all-resources in compartment id ocid1.compartment.oc1..cc",
            "allow group id ocid1.group.oc1..aa, id ocid1.group.oc1..bb to inspect all-resources in compartment id ocid1.compartment.oc1..cc",
        ),
        (
            "allow group 'Default'/'Dev Team' to read analytics-instances in tenancy // and nothing else",
            "allow group Default/'Dev Team' to read analytics-instances in tenancy",
        ),
        (
            "allow any-user to {ANALYTICS_INSTANCE_INSPECT,\n analytics_instance_move} in tenancy where all {\n\
             target.analytics-instance.source-compartment.id = 'ocid1.compartment.oc1..aaa100',\n\
             any {request.operation != 'GetAnalyticsInstance', target.analytics-instances.name=/my*/}}",
            "allow any-user to {ANALYTICS_INSTANCE_INSPECT, ANALYTICS_INSTANCE_MOVE} in tenancy where all \
             {target.analytics-instance.source-compartment.id = 'ocid1.compartment.oc1..aaa100', any \
             {request.operation != 'GetAnalyticsInstance', target.analytics-instance.name = /my*/}}",
        ),
        (
            r"allow any-group to read policies in compartment 'id':'it\'s \\ here'",
            r"allow any-group to read policies in compartment 'id':'it\'s \\ here'",
        ),
    ] {
        assert_eq!(read(text).to_string(), printed);
        assert_eq!(read(printed), read(text));
    }
}

#[test]
fn a_fault_names_the_place_and_what_was_expected_there() {
    for (text, position, expected, seen) in [
        ("", 1, "allow", "the end"),
        ("deny group A to read policies in tenancy", 1, "allow", "4 characters: letters"),
        ("allow role A to read policies in tenancy", 7, "group, any-group or any-user", "4 characters: letters"),
        ("allow group to", 15, "to", "the end"),
        ("allow group A, to read policies in tenancy", 19, "to", "4 characters: letters"),
        (
            "allow group A to own policies in tenancy",
            18,
            "a verb: one of inspect, read, use, manage",
            "3 characters: letters",
        ),
        ("allow group A to {} in tenancy", 19, "a permission: one of ", "the sign }"),
        ("allow group A to {ANALYTICS_INSTANCE_READ in tenancy", 43, "}", "2 characters: letters"),
        ("allow group A to read policies at tenancy", 32, "in", "2 characters: letters"),
        ("allow group A to read policies in compartment", 46, "the name of a compartment", "the end"),
        ("allow group A to read policies in region", 35, "tenancy or compartment", "6 characters: letters"),
        ("allow group A to read policies in tenancy when x", 43, "where", "4 characters: letters"),
        ("allow group A to read policies in tenancy where", 48, "a variable: one of ", "the end"),
        ("allow group A to read policies in tenancy where request.user.id 'x'", 65, "= or !=", "the sign '"),
        (
            "allow group A to read policies in tenancy where request.user.id = x",
            67,
            "a text in single quotes, or ",
            "1 character of the kind letters",
        ),
        (
            "allow group A to read policies in tenancy where request.user.id = 'x",
            69,
            "a single quote that ends ",
            "the end",
        ),
        ("allow group A to read policies in tenancy where request.user.id = /x", 69, "a slash that ends ", "the end"),
        ("allow group A to read policies in tenancy where any {}", 54, "a variable: one of ", "the sign }"),
        (
            "allow group A to read policies in tenancy where request.user.id = 'x' and",
            71,
            "the end",
            "3 characters: letters",
        ),
        ("allow group '' to read policies in tenancy", 16, "the name of a group", "2 characters: letters"),
        ("allow group é/ to read policies in tenancy", 19, "to", "4 characters: letters"),
    ] {
        let fault = refused(text);
        assert_eq!(fault.position, position, "{text}: {fault:?}");
        assert!(fault.expected.starts_with(expected), "{text}: {fault:?}");
        assert_eq!(fault.seen, seen, "{text}");
    }
    let near = refused("allow group A to manage analytics-instnaces in tenancy");
    assert_eq!(near.seen, "19 characters: letters and signs; much like analytics-instances");
}

#[test]
fn a_fault_does_not_repeat_what_the_caller_wrote() {
    let fault = refused("allow group A to read hunter2 in tenancy");
    assert!(!format!("{fault:?} {fault}").contains("hunter2"), "{fault:?}");
}

#[test]
fn a_statement_has_bounds() {
    let statement = |name: &str| format!("allow group {name} to read policies in tenancy");
    let longest = LONGEST - statement("").len();
    read(&statement(&"é".repeat(longest)));
    assert_eq!(refused(&statement(&"é".repeat(longest + 1))).position, LONGEST + 1);
    let nested = |depth: usize| {
        let (open, close) = ("any {".repeat(depth), "}".repeat(depth));
        format!("{} where {open}request.user.id = 'x'{close}", statement("A"))
    };
    read(&nested(8));
    assert!(refused(&nested(9)).expected.contains("at most 8 deep"));
    refused(&nested(700));
}

#[test]
fn a_statement_holds_in_its_place_and_below() {
    use Permission::InstanceRead as READ;
    for (attached, place, here, elsewhere) in [
        ("t", "tenancy", &["t", "a", "b", "x"][..], &["nowhere"][..]),
        ("t", "compartment A", &["a", "b"], &["t", "x"]),
        ("t", "compartment a:b", &["b"], &["t", "a", "x"]),
        ("t", "compartment id b", &["b"], &["t", "a", "x"]),
        ("a", "compartment A", &["a", "b"], &["t", "x"]),
        ("a", "compartment B", &["b"], &["a"]),
        // A policy says nothing about what lies above or beside where it is attached.
        ("a", "tenancy", &[], &["t", "a", "b", "x"]),
        ("a", "compartment id x", &[], &["x"]),
        ("a", "compartment X", &[], &["x"]),
        ("t", "compartment Nowhere", &[], &["t", "a", "b", "x"]),
        ("gone", "tenancy", &[], &["t", "a", "b", "x"]),
    ] {
        let text = format!("allow any-user to read analytics-instances in {place}");
        for compartment in here {
            assert!(allows(attached, &text, compartment, READ), "{attached}: {text}: {compartment}");
        }
        for compartment in elsewhere {
            assert!(!allows(attached, &text, compartment, READ), "{attached}: {text}: {compartment}");
        }
    }
}

#[test]
fn a_statement_speaks_of_those_it_names() {
    for (subject, of_the_default, of_the_other) in [
        ("any-user", true, true),
        ("any-group", true, true),
        ("group Admins", true, false),
        ("group ADMINS", true, false),
        ("group Nobody, Ops", true, false),
        ("group Main/Admins", true, false),
        ("group Default/Admins", true, false),
        ("group Other/Ops", false, true),
        ("group other/ops", false, true),
        ("group id g2", true, true),
        ("group id Admins", false, false),
        ("group g1", false, false),
        ("group id G1", false, false),
        ("group Nobody", false, false),
        ("group Elsewhere/Admins", false, false),
    ] {
        let text = format!("allow {subject} to read analytics-instances in tenancy");
        let (rules, question) = (rules(&[("t", &text)]), question("b", Permission::InstanceRead));
        let other = Caller { stripe: "idcs-2".into(), ..caller() };
        assert_eq!(rules.allows(&caller(), &question), of_the_default, "{text}");
        assert_eq!(rules.allows(&other, &question), of_the_other, "{text}");
    }
}

#[test]
fn who_is_in_no_group_or_in_a_domain_nobody_knows_is_not_named() {
    let question = question("b", Permission::InstanceRead);
    let alone = Caller { groups: vec![], ..caller() };
    let stray = Caller { stripe: "idcs-3".into(), ..caller() };
    for (subject, is_alone, is_stray) in [
        ("any-user", true, true),
        ("any-group", false, true),
        ("group Admins", false, false),
        ("group Default/Admins", false, false),
        ("group id g1", false, true),
    ] {
        let rules = rules(&[("t", &format!("allow {subject} to read analytics-instances in tenancy"))]);
        assert_eq!(rules.allows(&alone, &question), is_alone, "{subject}");
        assert_eq!(rules.allows(&stray, &question), is_stray, "{subject}");
    }
}

#[test]
fn conditions_compare_without_regard_to_case_and_with_patterns() {
    for (condition, expected) in [
        ("request.operation = 'getanalyticsinstance'", true),
        ("request.operation = 'GetAnalytics'", false),
        ("request.operation != 'StopAnalyticsInstance'", true),
        ("request.permission = 'ANALYTICS_INSTANCE_READ'", true),
        ("request.user.id = 'ocid1.user.oc1..u'", true),
        ("request.user.name = /*@EXAMPLE.com/", true),
        ("request.principal.type = 'instance'", false),
        ("target.compartment.id = 'b'", true),
        ("target.compartment.name = 'b'", true),
        ("target.compartment.name = 'a'", false),
        ("target.analytics-instance.name = /sales*/", true),
        ("target.analytics-instances.name = /*_1/", true),
        ("target.analytics-instance.name = /*les*/", true),
        ("target.analytics-instance.name = /S*e*1/", true),
        ("target.analytics-instance.name = /sales/", false),
        ("target.analytics-instance.name = /sales_1*1/", false),
        ("target.analytics-instance.name = /*2*/", false),
        ("target.analytics-instance.name = /*/", true),
        ("request.groups.id = 'g2'", true),
        ("request.groups.id = 'g3'", false),
        ("request.groups.id != 'g3'", true),
        ("request.groups.id != 'g2'", false),
        ("any {request.user.id = 'x', target.compartment.id = 'b'}", true),
        ("any {request.user.id = 'x', target.compartment.id = 'a'}", false),
        ("all {request.permission = /*READ/, target.compartment.id = 'b'}", true),
        ("all {request.permission = /*READ/, target.compartment.id = 'a'}", false),
        ("all {any {request.user.id = 'x', target.compartment.id = 'b'}, request.user.name != 'bob'}", true),
    ] {
        assert_eq!(holds(condition), expected, "{condition}");
    }
}

// Oracle: a variable that is not applicable declines the request, whatever it is compared with.
#[test]
fn a_variable_that_does_not_apply_makes_its_comparison_false() {
    for variable in ["source-compartment.id", "destination-compartment.id"] {
        for comparison in ["= 'b'", "!= 'b'", "= /*/"] {
            let condition = format!("target.analytics-instance.{variable} {comparison}");
            assert!(!holds(&condition), "{condition}");
            assert!(!holds(&format!("all {{request.user.id = /*/, {condition}}}")));
            assert!(holds(&format!("any {{request.user.id = /*/, {condition}}}")));
        }
    }
    let text = "allow any-user to inspect analytics-instances in tenancy where target.analytics-instance.name != 'x'";
    let target = Target { compartment_id: "b", ..Target::default() };
    let list = Question { operation: "ListAnalyticsInstances", permission: Permission::InstanceInspect, target };
    assert!(!rules(&[("t", text)]).allows(&caller(), &list));
}

#[test]
fn a_denial_counts_what_was_looked_at_and_gives_an_example_that_would_do() {
    let rules = rules(&[
        ("t", "allow group Admins to read analytics-instances in tenancy where request.user.id = 'x'"),
        ("t", "allow group Admins to inspect analytics-instances in tenancy"),
        ("t", "allow group Nobody to manage all-resources in tenancy"),
    ]);
    let denied = rules.decide(&caller(), &question("b", Permission::InstanceRead)).unwrap_err();
    let expected = Denied { permission: Permission::InstanceRead, statements: 3, of_the_user: 2, by_condition: 1 };
    assert_eq!(denied, expected);
    let example = denied.example("b").replace("<group>", "Admins");
    assert_eq!(example, "allow group Admins to read analytics-instances in compartment id b");
    assert!(allows("t", &example, "b", Permission::InstanceRead));
    assert!(!allows("t", &example, "b", Permission::InstanceUse));
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9_.@+-]{1,8}",
        "[ -~é]{1,8}",
        Just("id".to_owned()),
        Just("to".to_owned()),
        Just(r"\'".to_owned())
    ]
}

fn statements() -> impl Strategy<Value = Statement> {
    let group = prop_oneof![
        words().prop_map(GroupName::Id),
        (proptest::option::of(words()), words()).prop_map(|(domain, name)| GroupName::Named { domain, name }),
    ];
    let subject = prop_oneof![
        Just(Subject::AnyUser),
        Just(Subject::AnyGroup),
        proptest::collection::vec(group, 1..4).prop_map(Subject::Groups),
    ];
    let permissions = proptest::collection::vec(proptest::sample::select(Permission::ALL), 1..4);
    let verb = (proptest::sample::select(Verb::ALL), proptest::sample::select(ResourceType::ALL));
    let grant =
        prop_oneof![verb.prop_map(|(verb, on)| Grant::Verb(verb, on)), permissions.prop_map(Grant::Permissions)];
    let place = prop_oneof![
        Just(Place::Tenancy),
        words().prop_map(Place::Id),
        proptest::collection::vec(words(), 1..4).prop_map(Place::Path),
    ];
    (subject, grant, place, proptest::option::of(conditions()))
        .prop_map(|(subject, grant, place, condition)| Statement { subject, grant, place, condition })
}

fn conditions() -> impl Strategy<Value = Condition> {
    let value = prop_oneof![
        words().prop_map(Value::Text),
        Just(Value::Text(String::new())),
        "[a-z*'é ]{1,6}".prop_map(Value::Pattern),
        proptest::sample::select(&["g1", "ANALYTICS_INSTANCE_READ", "b", "sales_1"][..])
            .prop_map(|t| Value::Text(t.into())),
    ];
    let compare = (proptest::sample::select(Variable::ALL), any::<bool>(), value)
        .prop_map(|(variable, negated, value)| Condition::Compare { variable, negated, value });
    compare.prop_recursive(3, 12, 3, |inner| {
        let many = proptest::collection::vec(inner, 1..4);
        prop_oneof![many.clone().prop_map(Condition::Any), many.prop_map(Condition::All)]
    })
}

/// The rules again, slowly: places by walking up, patterns by trying every cut.
mod naive {
    use super::*;

    const PARENTS: [(&str, &str); 3] = [("a", "t"), ("b", "a"), ("x", "t")];

    fn is_in(outer: &str, inner: &str) -> bool {
        outer == inner || PARENTS.iter().any(|(child, parent)| *child == inner && is_in(outer, parent))
    }

    fn like(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|cut| like(rest, &text[cut..])),
            Some((one, rest)) => text.split_first().is_some_and(|(first, left)| first == one && like(rest, left)),
        }
    }

    fn holds(condition: &Condition, variables: &HashMap<Variable, Vec<String>>) -> bool {
        match condition {
            Condition::Any(all) => all.iter().map(|one| holds(one, variables)).fold(false, |a, b| a | b),
            Condition::All(all) => all.iter().map(|one| holds(one, variables)).fold(true, |a, b| a & b),
            Condition::Compare { variable, negated, value } => variables.get(variable).is_some_and(|values| {
                let lower = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
                let one = |text: &String| match value {
                    Value::Text(wanted) => lower(wanted) == lower(text),
                    Value::Pattern(pattern) => like(&lower(pattern), &lower(text)),
                };
                values.iter().any(one) ^ negated
            }),
        }
    }

    /// Whether a statement attached to the root allows it to the caller of these tests.
    pub(super) fn allows(statement: &Statement, compartment: &str, permission: Permission) -> bool {
        let subject = match &statement.subject {
            Subject::AnyUser | Subject::AnyGroup => true,
            Subject::Groups(names) => names.iter().any(|name| match name {
                GroupName::Id(id) => id == "g1" || id == "g2",
                GroupName::Named { domain, name } => {
                    let domain = domain.clone().unwrap_or("default".into()).to_lowercase();
                    let pair = (domain.as_str(), name.to_lowercase());
                    [("default", "admins"), ("main", "admins"), ("default", "ops"), ("main", "ops")]
                        .map(|(d, n)| (d, n.to_owned()))
                        .contains(&pair)
                }
            }),
        };
        let grant = match &statement.grant {
            Grant::Permissions(permissions) => permissions.contains(&permission),
            Grant::Verb(verb, resource) => {
                let (least, on) = granted_by(permission);
                let singular = |resource: ResourceType| resource.as_str().trim_end_matches('s').to_owned();
                *verb >= least && (*resource == ResourceType::AllResources || singular(*resource) == singular(on))
            }
        };
        let place = match &statement.place {
            Place::Tenancy => is_in("t", compartment),
            Place::Id(id) => ["t", "a", "b", "x"].contains(&id.as_str()) && is_in(id, compartment),
            Place::Path(names) => {
                let path = names.join("\0").to_lowercase();
                [("a", "a"), ("a\0b", "b"), ("x", "x")]
                    .iter()
                    .any(|(known, id)| path == *known && is_in(id, compartment))
            }
        };
        let name =
            [("t", "acme"), ("a", "A"), ("b", "B"), ("x", "X")].iter().find(|(id, _)| *id == compartment).unwrap().1;
        let variables: HashMap<Variable, Vec<String>> = [
            (Variable::Operation, vec!["GetAnalyticsInstance"]),
            (Variable::Permission, vec![permission.as_str()]),
            (Variable::UserId, vec!["ocid1.user.oc1..u"]),
            (Variable::UserName, vec!["ada@example.com"]),
            (Variable::PrincipalType, vec!["user"]),
            (Variable::GroupsId, vec!["g1", "g2"]),
            (Variable::CompartmentId, vec![compartment]),
            (Variable::CompartmentName, vec![name]),
            (Variable::InstanceId, vec!["ocid1.analyticsinstance.oc1..i"]),
            (Variable::InstanceName, vec!["Sales_1"]),
        ]
        .map(|(variable, values)| (variable, values.into_iter().map(str::to_owned).collect()))
        .into();
        subject && grant && place && statement.condition.as_ref().is_none_or(|one| holds(one, &variables))
    }
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same(statement in statements()) {
        let printed = statement.to_string();
        prop_assert_eq!(printed.parse::<Statement>(), Ok(statement), "{}", printed);
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_within_it(text in ".{0,200}") {
        if let Err(fault) = text.parse::<Statement>() {
            prop_assert!(fault.position <= text.chars().count() + 1);
        }
    }

    #[test]
    fn a_damaged_statement_is_read_or_refused_without_a_panic(statement in statements(), at in 0usize..400, with in "\\PC{0,3}") {
        let mut characters: Vec<char> = statement.to_string().chars().collect();
        let at = at.min(characters.len());
        characters.splice(at..(at + 1).min(characters.len()), with.chars());
        let _ = characters.into_iter().collect::<String>().parse::<Statement>();
    }

    #[test]
    fn a_decision_is_that_of_a_naive_reference(
        mut statements in proptest::collection::vec(statements(), 1..6),
        known in any::<[bool; 3]>(),
        compartment in proptest::sample::select(&["t", "a", "b", "x"][..]),
        permission in proptest::sample::select(Permission::ALL),
    ) {
        // Names out of thin air never meet ours: some statements get ones that do.
        for (index, statement) in statements.iter_mut().enumerate() {
            if known[0] { statement.subject = read("allow group Main/Admins to read users in tenancy").subject; }
            if known[1] { statement.place = Place::Path([vec!["A".into()], vec!["a".into(), "B".into()]][index % 2].clone()); }
            if known[2] { statement.grant = Grant::Verb(Verb::ALL[index % 4], ResourceType::AllResources); }
        }
        let expected = statements.iter().any(|statement| naive::allows(statement, compartment, permission));
        let rules = Rules::new(tree(), domains(), statements.into_iter().map(|statement| ("t".to_owned(), statement)));
        prop_assert_eq!(rules.allows(&caller(), &question(compartment, permission)), expected);
    }

    #[test]
    fn a_lesser_verb_allows_nothing_that_a_greater_one_does_not(statement in statements()) {
        let Grant::Verb(_, resource) = statement.grant else { return Ok(()) };
        for permission in Permission::ALL {
            let mut allowed = Verb::ALL.iter().map(|verb| {
                let statement = Statement { grant: Grant::Verb(*verb, resource), ..statement.clone() };
                Rules::new(tree(), domains(), [("t".to_owned(), statement)]).allows(&caller(), &question("b", *permission))
            });
            prop_assert!(allowed.by_ref().collect::<Vec<_>>().is_sorted(), "{}", permission);
        }
    }
}
