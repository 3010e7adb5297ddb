//! What is served, as data: `/Schemas`, `/ResourceTypes` and `/ServiceProviderConfig`, all from the tables that the rest of the
//! administration API works by (contract identity 6.4).

use obol_protocol::scim::{
    Document, ResourceType,
    resources::{
        api_key::{API_KEY, MY_API_KEY},
        app::{APP, SECRET, STATUS as APP_STATUS},
        app_role::APP_ROLE,
        audit_event::AUDIT_EVENT,
        changers::{ME_PASSWORD, PASSWORD, RESET, STATUS},
        grant::GRANT,
        group::{GROUP, MY_GROUP},
        my_app::MY_APP,
        password_policy::PASSWORD_POLICY,
        settings::{OAUTH_CONFIG, SETTINGS},
        user::{ME, USER},
    },
    schema::Schema,
};
use serde_json::{Value, json};

use super::{Answer, Call, Refusal};

const TYPES: [&ResourceType; 20] = [
    &USER,
    &ME,
    &GROUP,
    &MY_GROUP,
    &API_KEY,
    &MY_API_KEY,
    &STATUS,
    &PASSWORD,
    &RESET,
    &ME_PASSWORD,
    &APP,
    &APP_STATUS,
    &SECRET,
    &APP_ROLE,
    &GRANT,
    &MY_APP,
    &SETTINGS,
    &OAUTH_CONFIG,
    &PASSWORD_POLICY,
    &AUDIT_EVENT,
];

fn schemas() -> Vec<&'static Schema> {
    let mut found: Vec<&'static Schema> = Vec::new();
    for schema in TYPES.into_iter().flat_map(|kind| std::iter::once(kind.core).chain(kind.extensions.iter().copied())) {
        if !found.iter().any(|known| known.urn == schema.urn) {
            found.push(schema);
        }
    }
    found
}

fn listed(documents: Vec<Document>) -> Result<Answer, Refusal> {
    let count = documents.len();
    Answer::ok(&json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": count,
        "Resources": documents.into_iter().map(Value::Object).collect::<Vec<_>>(),
        "startIndex": 1,
        "itemsPerPage": count,
    }))
}

pub(super) fn list(call: &Call) -> Result<Answer, Refusal> {
    listed(schemas().into_iter().map(|schema| schema.describe(&call.base)).collect())
}

pub(super) fn get(call: &Call) -> Result<Answer, Refusal> {
    let found = schemas().into_iter().find(|schema| schema.urn.eq_ignore_ascii_case(&call.id));
    Answer::ok(&Value::Object(found.ok_or(Refusal::NotFound("Schema"))?.describe(&call.base)))
}

pub(super) fn list_types(call: &Call) -> Result<Answer, Refusal> {
    listed(TYPES.into_iter().map(|kind| kind.describe(&call.base)).collect())
}

pub(super) fn get_type(call: &Call) -> Result<Answer, Refusal> {
    let found = TYPES.into_iter().find(|kind| kind.name.eq_ignore_ascii_case(&call.id));
    Answer::ok(&Value::Object(found.ok_or(Refusal::NotFound("ResourceType"))?.describe(&call.base)))
}

pub(super) fn config(call: &Call) -> Result<Answer, Refusal> {
    Answer::ok(&json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": true, "maxResults": 1000},
        "changePassword": {"supported": true},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "OAuth Bearer Token",
                "description": "An access token of the identity domain",
                "primary": true,
            },
            {
                "type": "httpsignature",
                "name": "OCI Signature",
                "description": "A request signed with a user's API key",
            },
        ],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{}/admin/v1/ServiceProviderConfig", call.base),
        },
    }))
}
