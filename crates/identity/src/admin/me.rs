//! Me: the caller's own user, as far as everybody may see and change themself (contract identity 6.4).

use obol_protocol::scim::{
    Condition, Document, Fault,
    condition::Test,
    incoming, patch,
    resources::{
        group::MY_GROUP,
        user::{ENTERPRISE, IDCS, ME},
    },
    schema::Found,
};
use obol_store::groups::{self, TABLE};

use super::{Answer, Call, Refusal, groups as group_resource, listing, user_document, users};

/// What administrators decide about a user, not the user.
const NOT_OWN: [&str; 7] = ["userName", "password", "active", "userType", "externalId", ENTERPRISE.urn, IDCS.urn];

pub(super) async fn get(call: &Call) -> Result<Answer, Refusal> {
    let person = users::find(call, call.caller.user_id()).await?;
    Answer::resource(call, &ME, &users::document(call, &ME, &person).await?)
}

pub(super) async fn replace(call: &Call) -> Result<Answer, Refusal> {
    users::change(call, &ME, call.caller.user_id(), |person| {
        let before = user_document::writable(person);
        let mut document = incoming::replaced(&ME, &call.body, &user_document::shown(call, &ME, person, false, &[]))?;
        // What is not repeated stays, where it is not the user's to remove.
        for name in NOT_OWN {
            if let (false, Some(value)) = (document.contains_key(name), before.get(name)) {
                document.insert(name.to_owned(), value.clone());
            }
        }
        own(&before, document)
    })
    .await
}

pub(super) async fn patch(call: &Call) -> Result<Answer, Refusal> {
    let operations = patch::read(&ME, &call.body)?;
    users::change(call, &ME, call.caller.user_id(), |person| {
        let before = user_document::writable(person);
        let mut document = before.clone();
        patch::apply(&ME, &mut document, &operations)?;
        own(&before, document)
    })
    .await
}

fn own(before: &Document, after: Document) -> Result<Document, Refusal> {
    match NOT_OWN.into_iter().find(|name| before.get(*name) != after.get(*name)) {
        Some(name) => Err(Fault::ReadOnly(name.to_owned()).into()),
        None => Ok(after),
    }
}

/// `GET /MyGroups`: the groups that the caller is in.
pub(super) async fn groups(call: &Call) -> Result<Answer, Refusal> {
    let query = listing::of_query(call, &MY_GROUP)?;
    if query.projection.wants(&MY_GROUP, "members") {
        return Err(Fault::Parameter("attributes").into());
    }
    let page = listing::read(call, &MY_GROUP, &TABLE, &query, mine(call), groups::read).await?;
    let documents: Vec<_> =
        page.items.iter().map(|group| group_resource::shown(call, &MY_GROUP, group, Vec::new())).collect();
    Answer::page(&MY_GROUP, &query, page.total, &documents, page.last)
}

/// Of all groups those that have the caller among their members.
fn mine(call: &Call) -> Option<Condition> {
    let members = MY_GROUP.core_attribute("members")?;
    let value = Found { extension: None, attribute: members, sub: members.find("value") };
    let me = call.caller.user_id().to_owned();
    Some(Condition::Test(value, Test::Text(obol_protocol::scim::filter::Operator::Eq, me)))
}
