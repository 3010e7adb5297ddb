//! What every resource is answered with beside its own attributes, and who is in which group.

use std::collections::HashMap;

use obol_protocol::{
    Timestamp,
    scim::{Condition, Document, ResourceType},
};
use obol_store::groups::{self, MOST_MEMBERS, Member, Membership};
use serde_json::{Value, json};

use super::{Call, Refusal};

/// What a resource has beside its own attributes.
pub(super) struct About<'a> {
    pub(super) id: &'a str,
    pub(super) ocid: &'a str,
    pub(super) created_at: Timestamp,
    pub(super) modified_at: Timestamp,
    pub(super) created_by: &'a str,
    pub(super) modified_by: &'a str,
    pub(super) version: String,
}

impl About<'_> {
    /// Puts it into the answer.
    pub(super) fn put(self, call: &Call, resource: &ResourceType, document: &mut Document) {
        let row = &call.stripe.row;
        document.insert("id".to_owned(), json!(self.id));
        if !self.ocid.is_empty() {
            document.insert("ocid".to_owned(), json!(self.ocid));
        }
        document.insert(
            "meta".to_owned(),
            json!({
                "created": self.created_at,
                "lastModified": self.modified_at,
                "resourceType": resource.name,
                "location": call.location(resource.endpoint, self.id),
                "version": self.version,
            }),
        );
        for (name, kept) in [("idcsCreatedBy", self.created_by), ("idcsLastModifiedBy", self.modified_by)] {
            if let Some(actor) = call.actor_shown(kept) {
                document.insert(name.to_owned(), actor);
            }
        }
        document.insert("domainOcid".to_owned(), json!(row.domain_id));
        document.insert("compartmentOcid".to_owned(), json!(row.tenancy_id));
        document.insert("tenancyOcid".to_owned(), json!(row.tenancy_id));
    }
}

/// The groups of users, by user.
pub(super) async fn of_users(call: &Call, ids: &[&str]) -> Result<HashMap<String, Vec<Membership>>, Refusal> {
    let found = groups::of_users(call.db(), call.stripe(), ids).await?;
    if found.len() > MOST_MEMBERS {
        return Err(Refusal::TooManyMembers(MOST_MEMBERS));
    }
    let mut by_user: HashMap<String, Vec<Membership>> = HashMap::new();
    for membership in found {
        by_user.entry(membership.user_id.clone()).or_default().push(membership);
    }
    Ok(by_user)
}

/// The members of groups, by group, as they are answered; of one group alone as many as an answer may have.
pub(super) async fn of_groups(
    call: &Call,
    ids: &[&str],
    only: Option<&Condition>,
) -> Result<HashMap<String, Vec<Value>>, Refusal> {
    let mut found = groups::members(call.db(), call.stripe(), ids, only).await??;
    if found.len() > MOST_MEMBERS {
        if ids.len() > 1 {
            return Err(Refusal::TooManyMembers(MOST_MEMBERS));
        }
        found.truncate(MOST_MEMBERS);
    }
    let mut by_group: HashMap<String, Vec<Value>> = HashMap::new();
    for member in found {
        by_group.entry(member.group_id.clone()).or_default().push(shown(call, &member));
    }
    Ok(by_group)
}

fn shown(call: &Call, member: &Member) -> Value {
    json!({
        "value": member.user_id, "type": "User", "ocid": member.ocid, "display": member.display_name,
        "name": member.user_name, "dateAdded": member.added_at, "$ref": call.location("/Users", &member.user_id),
    })
}
