//! Whether a caller could administer a role: what decides over grants, and over whoever holds them.

use obol_domain::{
    app_role::{BuiltInRole, IDCS_APP_ID},
    granting,
};
use obol_store::grants;

use super::{Call, Refusal};

/// Whether the caller may grant a role, take it away, or take over who holds it.
pub(super) fn may_administer(call: &Call, app_id: &str, role: &str, makes_administrator: bool) -> bool {
    let highest = BuiltInRole::IdentityDomainAdministrator;
    let scopes: Vec<&str> = match call.caller.asking().scope {
        _ if !call.caller.holds(highest) => Vec::new(),
        Some(scope) => scope.split(' ').collect(),
        None => highest.scopes().to_vec(),
    };
    granting::may_administer(&scopes, app_id, role, makes_administrator)
}

/// Refuses to change who is in a group that holds a role the caller could not administer: a member holds it too. Says
/// whether it makes its members Identity Domain Administrators, of whom one must remain.
pub(super) async fn guard_group(call: &Call, group_id: &str) -> Result<bool, Refusal> {
    let held = grants::of_group(call.db(), call.stripe(), group_id).await?;
    if !held.iter().all(|role| may_administer(call, &role.app_id, &role.name, role.is_admin)) {
        return Err(Refusal::TargetAboveCaller);
    }
    let highest = BuiltInRole::IdentityDomainAdministrator.name();
    Ok(held.iter().any(|role| role.app_id == IDCS_APP_ID && role.name == highest))
}
