//! The token endpoint through the router, one file for each subject. Every refusal states status, body and explanation.

mod client;
mod code;
mod enumeration;
mod issued;
mod nodes;
mod refresh;
mod request;
mod resource;
mod scope;
mod secrets;
mod user;

use std::time::Duration;

use axum::body::Body;
use http::{Request, header};
use http_body_util::{BodyExt as _, Limited};
use obol_domain::{app_role::BuiltInRole, lockout::LockState};
use obol_protocol::{Secret, oauth::GrantType};
use obol_store::{apps, stripes, users};

use crate::{
    provisioning::NewApplication,
    testing::{
        ME, OTHER_STRIPE, PASSWORD, STRIPE, USER, World, at_stripe, basic, body_of, claims, claims_text,
        new_application, new_user, password_form, send, token_of, token_request, whole,
    },
};

const CLIENT_CREDENTIALS: &str = "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__";

fn password() -> String {
    password_form(USER, PASSWORD, ME)
}
