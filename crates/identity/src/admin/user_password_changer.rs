//! `PUT /UserPasswordChanger/{id}`: an administrator sets a password (contract identity 6.4). The user's sessions end.

use obol_protocol::{
    Secret,
    scim::{incoming, resources::changers::PASSWORD},
};
use serde_json::Value;

use super::{Answer, Call, Refusal, passwords, user_status_changer::about, users};
use crate::passwords::SetBy;

pub(super) async fn replace(call: &Call) -> Result<Answer, Refusal> {
    let mut document = incoming::created(&PASSWORD, &call.body)?;
    let password = match document.remove("password") {
        Some(Value::String(password)) => Secret::new(password),
        _ => Secret::default(),
    };
    let person = users::find(call, &call.id).await?;
    call.check_version(&call.version("User", &call.id, person.revision))?;
    call.guard_target(&call.id).await?;
    passwords::set(call, &call.id, &password, SetBy::Administrator { must_change: false }).await?;
    let person = users::find(call, &call.id).await?;
    about(call, &PASSWORD, &mut document, &person);
    Answer::resource(call, &PASSWORD, &document)
}
