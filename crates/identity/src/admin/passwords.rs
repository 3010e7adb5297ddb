//! New passwords, by the one way there is to set one ([`crate::passwords`]).

use obol_domain::password_policy::Subject;
use obol_protocol::Secret;
use obol_store::users::User;

use super::{Call, Refusal};
use crate::passwords::{PasswordRefusal, PreparedPassword, SetBy, attributes};

/// Sets a user's password; the user's sessions end.
pub(super) async fn set(call: &Call, user_id: &str, password: &Secret, by: SetBy<'_>) -> Result<(), Refusal> {
    Ok(call.identity.set_password(call.stripe(), user_id, password, by, &call.cause).await?)
}

/// Judges and hashes a password that is changed together with other attributes.
pub(super) async fn prepare(call: &Call, user: &User, password: &Secret) -> Result<PreparedPassword, Refusal> {
    let by = SetBy::Administrator { must_change: false };
    Ok(call.identity.prepare_password(&call.stripe, user, password, by, &call.cause, call.now).await?)
}

/// The hash of a password that a user is made with. Who is in no group yet has the stripe's own policy.
pub(super) async fn of_new_user(call: &Call, user: &User, password: &Secret) -> Result<String, Refusal> {
    let attributes = attributes(user);
    let subject = Subject {
        user_name: &user.user_name,
        given_name: user.given_name.as_deref(),
        family_name: &user.family_name,
        attributes: &attributes,
    };
    let wrong = call.stripe.policy(&[]).rules.check(password, subject, None);
    if !wrong.is_empty() {
        return Err(PasswordRefusal::Rules(wrong).into());
    }
    let identity = &call.identity.0;
    let hashed = identity.passwords.hash(&*identity.entropy, password).await;
    hashed.map_err(|fault| fault.of::<Refusal>("users", "password_hash", ""))
}
