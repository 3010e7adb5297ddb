//! `PUT /UserPasswordResetter/{id}`: a new random password, answered once (contract identity 6.4). Obol sends no mail, so it is
//! always the caller who hands it on. It must be changed before it is any good, and the user's sessions end.

use obol_protocol::{
    Secret,
    scim::{incoming, resources::changers::RESET},
};
use serde_json::json;

use super::{Answer, Call, Refusal, passwords, user_status_changer::about, users};
use crate::passwords::SetBy;

pub(super) async fn replace(call: &Call) -> Result<Answer, Refusal> {
    let mut document = incoming::created(&RESET, &call.body)?;
    let person = users::find(call, &call.id).await?;
    call.check_version(&call.version("User", &call.id, person.revision))?;
    call.guard_target(&call.id).await?;
    let password = one_time(&call.identity);
    passwords::set(call, &call.id, &password, SetBy::Administrator { must_change: true }).await?;
    let person = users::find(call, &call.id).await?;
    document.insert("oneTimePassword".to_owned(), json!(password.expose()));
    about(call, &RESET, &mut document, &person);
    Answer::resource(call, &RESET, &document)
}

/// 16 random hex digits within what every policy of characters asks for.
fn one_time(identity: &crate::Identity) -> Secret {
    let digits: String = identity.0.entropy.hex32().chars().take(16).collect();
    Secret::new(format!("Aa1-{digits}"))
}
