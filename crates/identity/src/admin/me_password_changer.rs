//! `PUT /MePasswordChanger`: whoever knows their password changes it (contract identity 6.4). The old one is checked as at
//! signing in, so that guessing locks; and the new one is written only if the old one is still the one that was checked.

use obol_protocol::{
    Secret,
    scim::{incoming, resources::changers::ME_PASSWORD},
};
use serde_json::Value;

use super::{Answer, Call, Refusal, passwords, user_status_changer::about, users};
use crate::passwords::SetBy;

pub(super) async fn replace(call: &Call) -> Result<Answer, Refusal> {
    let mut document = incoming::created(&ME_PASSWORD, &call.body)?;
    let mut secret = |name| match document.remove(name) {
        Some(Value::String(text)) => Secret::new(text),
        _ => Secret::default(),
    };
    let (old, new) = (secret("oldPassword"), secret("password"));
    passwords::set(call, call.caller.user_id(), &new, SetBy::Owner { current: &old }).await?;
    let me = users::find(call, call.caller.user_id()).await?;
    about(call, &ME_PASSWORD, &mut document, &me);
    Answer::resource(call, &ME_PASSWORD, &document)
}
