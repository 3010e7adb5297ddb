//! What applications, their roles and grants, and a stripe's settings and policies are refused for, beside what every
//! resource can be (contract identity 5, 6.4, 9).

use http::StatusCode;
use obol_domain::{
    Explanation,
    application::ApplicationProblem,
    granting::{GranteeKind, MechanismProblem},
    issuer::IssuerProblem,
    password_policy::RuleFault,
};
use obol_protocol::scim::ScimError;

use crate::certificates::UploadRefusal;

/// A refusal of administration's own resources.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppRefusal {
    #[error("there cannot be such an application")]
    Application(#[from] ApplicationProblem),
    #[error("the name cannot be a client id")]
    Name,
    #[error("the application belongs to a service")]
    ServiceOwned,
    #[error("the application is active")]
    StillActive,
    #[error("a public application has no secret")]
    SecretOfPublic,
    #[error("the certificate is not taken")]
    Certificate(#[from] UploadRefusal),
    #[error("the grant mechanism does not fit")]
    Mechanism(#[from] MechanismProblem),
    #[error("the role is not available to {0:?}")]
    NotAvailable(GranteeKind),
    #[error("the role is of another application")]
    RoleOfAnother,
    #[error("the grantee holds it already")]
    Granted,
    #[error("the app role is built in")]
    BuiltInRole,
    #[error("the issuer is not allowed")]
    Issuer(#[from] IssuerProblem),
    #[error("the policy is built in")]
    BuiltInPolicy,
    #[error("there are {0} policies already")]
    TooManyPolicies(usize),
    #[error("a rule of the policy is out of bounds")]
    Rule(#[from] RuleFault),
    #[error("the group has another policy, or the priority is taken")]
    PolicyTaken,
    #[error("the operation is not allowed on this resource")]
    Fixed,
}

impl AppRefusal {
    /// The public answer.
    pub(crate) fn answer(&self) -> ScimError {
        let bad = |id: &'static str, text: String| ScimError::new(StatusCode::BAD_REQUEST, id, text);
        let value = |text: String| bad("error.common.validation.invalidAttributeValue", text);
        let forbidden = |text: &'static str| {
            ScimError::new(StatusCode::FORBIDDEN, "error.common.exception.operationNotAllowed", text)
        };
        match self {
            Self::Application(problem) => {
                value(format!("The value of {} is not valid: {problem}.", problem.attribute()))
            }
            Self::Name => value("The value of name is not valid. It must be visible ASCII without a colon.".to_owned()),
            Self::ServiceOwned => forbidden("An application of an Oracle Cloud service cannot be changed."),
            Self::StillActive => bad(
                "error.apps.app.activeAppCannotBeDeleted",
                "An active application cannot be deleted. Deactivate it first.".to_owned(),
            ),
            Self::SecretOfPublic => {
                value("The value of clientSecret is not valid: a public client has none.".to_owned())
            }
            Self::Certificate(refusal) => value(format!("The value of certificates is not valid: {refusal}.")),
            Self::Mechanism(problem) => value(format!("The value of grantMechanism is not valid: {problem}.")),
            Self::NotAvailable(kind) => bad(
                "error.apps.grant.appRoleNotAvailable",
                format!("The app role is not available to a grantee of type {}.", kind.as_str()),
            ),
            Self::RoleOfAnother => bad(
                "error.common.validation.invalidReferenceResource",
                "Grant.entitlement references an AppRole of another App.".to_owned(),
            ),
            Self::Granted => ScimError::new(
                StatusCode::CONFLICT,
                "error.common.validation.uniquenessViolation",
                "A Grant of this entitlement to this grantee already exists.",
            ),
            Self::BuiltInRole => forbidden("A built-in app role cannot be changed."),
            Self::Issuer(problem) => value(format!("The value of issuer is not valid: {problem}.")),
            Self::BuiltInPolicy => forbidden("A built-in password policy cannot be changed."),
            Self::TooManyPolicies(most) => bad(
                "error.identity.passwordPolicy.maximumReached",
                format!("There are {most} password policies already."),
            ),
            Self::Rule(fault) => value(format!("The password policy is not valid: {fault}.")),
            Self::PolicyTaken => ScimError::new(
                StatusCode::CONFLICT,
                "error.common.validation.uniquenessViolation",
                "A PasswordPolicy with this name or priority, or for one of these groups, already exists.",
            ),
            Self::Fixed => forbidden("The operation is not allowed on this resource."),
        }
    }

    /// The record for whoever asks why.
    pub(crate) fn explanation(&self) -> Explanation {
        match self {
            Self::Application(problem) => Explanation::new(
                "application_possible",
                "attributes that go together",
                problem.to_string(),
                format!("change {}", problem.attribute()),
            ),
            Self::Name => Explanation::new(
                "client_id_possible",
                "visible ASCII without a colon, and not tokenGenerator",
                "another name",
                "leave name out: a client id is made",
            ),
            Self::ServiceOwned => Explanation::new(
                "application_own",
                "an application that an administrator made",
                "one that an Oracle Cloud service registered",
                "change it where the service is managed; its roles can be granted here",
            ),
            Self::StillActive => Explanation::new(
                "application_inactive",
                "a deactivated application, or forceDelete=true",
                "an active one",
                "deactivate it with AppStatusChanger first",
            ),
            Self::SecretOfPublic => Explanation::new(
                "client_keeps_a_secret",
                "a confidential or trusted application",
                "a public one",
                "leave clientSecret out, or make the application confidential",
            ),
            Self::Certificate(refusal) => Explanation::new(
                "certificate_usable",
                "an alias and a valid X.509 certificate as base64 or PEM",
                refusal.to_string(),
                "send certAlias with x509Base64Certificate",
            ),
            Self::Mechanism(problem) => Explanation::new(
                "mechanism_fits_grantee",
                "ADMINISTRATOR_TO_USER, ADMINISTRATOR_TO_GROUP or ADMINISTRATOR_TO_APP, as the grantee is",
                problem.to_string(),
                "choose the mechanism of the grantee's type",
            ),
            Self::NotAvailable(kind) => Explanation::new(
                "role_available_to_grantee",
                "a role that such a grantee may hold",
                format!("one that a {} may not", kind.as_str()),
                "see availableToUsers, availableToGroups and availableToClients of the app role",
            ),
            Self::RoleOfAnother => Explanation::new(
                "role_of_application",
                "an app role of the application in app.value",
                "a role of another application",
                "send the application that the role belongs to",
            ),
            Self::Granted => Explanation::new(
                "grant_unique",
                "a grant that is not there yet",
                "one that is",
                "nothing is left to do",
            ),
            Self::BuiltInRole => {
                Explanation::new("role_own", "an app role of a custom application", "a built-in one", "leave it")
            }
            Self::Issuer(problem) => Explanation::new(
                "issuer_allowed",
                "nothing, https://identity.oraclecloud.com/ or an address below the identity domain's own",
                problem.to_string(),
                "send one of these",
            ),
            Self::BuiltInPolicy => Explanation::new(
                "policy_own",
                "a policy that an administrator made",
                "a built-in one",
                "make a custom policy and assign groups to it",
            ),
            Self::TooManyPolicies(most) => Explanation::new(
                "policies_bounded",
                format!("at most {most} policies"),
                "one more",
                "change or delete one",
            ),
            Self::Rule(fault) => Explanation::new(
                "policy_in_bounds",
                "rules within the documented bounds",
                fault.to_string(),
                "change that rule",
            ),
            Self::PolicyTaken => Explanation::new(
                "policy_unique",
                "a name and a priority that no other policy has, and groups without one",
                "one that is taken",
                "choose another, or change the policy that has it",
            ),
            Self::Fixed => {
                Explanation::new("operation_allowed", "to read it", "a change", "it follows from other settings")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_stands_in_the_document_of_errors() {
        let document = include_str!("../../../../docs/errors.md");
        for refusal in [
            AppRefusal::Application(ApplicationProblem::Grant),
            AppRefusal::Name,
            AppRefusal::ServiceOwned,
            AppRefusal::StillActive,
            AppRefusal::SecretOfPublic,
            AppRefusal::Certificate(UploadRefusal::Alias),
            AppRefusal::Mechanism(MechanismProblem::Unknown),
            AppRefusal::NotAvailable(GranteeKind::User),
            AppRefusal::RoleOfAnother,
            AppRefusal::Granted,
            AppRefusal::BuiltInRole,
            AppRefusal::Issuer(IssuerProblem::Foreign),
            AppRefusal::BuiltInPolicy,
            AppRefusal::TooManyPolicies(10),
            AppRefusal::Rule(RuleFault { attribute: "minLength", problem: "must be from 1 to 500" }),
            AppRefusal::PolicyTaken,
            AppRefusal::Fixed,
        ] {
            let (answer, explanation) = (refusal.answer(), refusal.explanation());
            let message_id = answer.message_id.as_deref().unwrap_or_default();
            let row = format!("| {} | `{message_id}` |", answer.status.as_u16());
            let check = format!("`{}`", explanation.check);
            let found = document.lines().any(|line| line.starts_with(&row) && line.contains(&check));
            assert!(found, "docs/errors.md has no row {row} with {check}");
        }
    }
}
