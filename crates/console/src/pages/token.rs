//! The dialog *Generate Access Token* (contract identity 4).

use askama::Template;
use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use obol_domain::Explanation;
use obol_identity::{
    applications::Application,
    grants::console::{Choice, GenerateRefusal},
};
use obol_protocol::oauth::{Form, GrantType, TokenFile};

use super::applications::{ApplicationRow, find, under_applications};
use crate::{
    chrome::Chrome,
    form::{self, Sent},
    refusal::{Refused, render, sentence},
    visit::{Administrator, Visit},
};

/// The dialog.
#[derive(Template)]
#[template(path = "token.html")]
pub(crate) struct TokenPage {
    pub(crate) chrome: Chrome,
    pub(crate) form_token: String,
    pub(crate) application: ApplicationRow,
    pub(crate) customized: bool,
    pub(crate) roles: Vec<RoleChoice>,
    /// The same from a terminal; absent when the application may not do it there.
    pub(crate) command: Option<String>,
    pub(crate) problem: Option<TokenProblem>,
}

/// An app role that may be chosen.
#[derive(Debug, Clone)]
pub(crate) struct RoleChoice {
    pub(crate) name: String,
    pub(crate) chosen: bool,
}

/// Why no token was generated.
#[derive(Debug, Clone)]
pub(crate) struct TokenProblem {
    pub(crate) why: String,
    pub(crate) fix: String,
    pub(crate) ecid: String,
}

impl TokenPage {
    fn new(visit: &Visit, application: &Application) -> Self {
        let parent = format!("/adminconsole/apps/{}", application.id);
        let choice = |name: &String| RoleChoice { name: name.clone(), chosen: false };
        Self {
            chrome: under_applications(visit, "Generate Access Token").under(&application.display_name, &parent),
            form_token: visit.form_token(),
            application: ApplicationRow::from(application),
            customized: false,
            roles: application.granted_roles.iter().map(choice).collect(),
            command: command(visit, application),
            problem: None,
        }
    }
}

/// Answers `GET /ui/v1/adminconsole/apps/{id}/token`.
pub(crate) async fn show(Administrator(visit): Administrator, Path(id): Path<String>) -> Result<Response, Refused> {
    let application = find(&visit, &id).await?;
    if !application.can_generate() {
        return Err(Refused::new(
            &visit,
            StatusCode::FORBIDDEN,
            "No access token can be generated for this application",
            Explanation::new(
                "application_can_generate",
                "an active confidential application with the JWT Assertion grant",
                "an application that is not all of these",
                "Its page shows which of the three is missing.",
            ),
        ));
    }
    Ok(render(StatusCode::OK, &TokenPage::new(&visit, &application)))
}

/// Answers `POST /ui/v1/adminconsole/apps/{id}/token`: the file, or the dialog again with what is wrong.
pub(crate) async fn generate(
    Administrator(visit): Administrator,
    Path(id): Path<String>,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, Refused> {
    let form = form::read(&visit, visit.session_id(), &headers, &body)?;
    let application = find(&visit, &id).await?;
    let chosen = chosen_roles(&form);
    let choice = match form.get("scopes") {
        Some("available") => Choice::Available,
        // A choice of services that was not made leaves nothing chosen.
        Some(_) | None if form.get("invokes") == Some("idcs") => Choice::Roles(&chosen),
        Some(_) | None => Choice::Roles(&[]),
    };
    let user_id = visit.session().map(|session| session.user.user_id.clone()).unwrap_or_default();
    let generated =
        visit.identity().generate(&visit.stripe().name, &user_id, &application.id, choice, &visit.cause()).await;
    match generated {
        Ok(file) => download(&visit, &file),
        Err(GenerateRefusal::Service(error)) => Err(Refused::failure(&visit, error.is_passing(), &error)),
        Err(refusal) => Ok(ask_again(&visit, &application, &form, &chosen, &refusal)),
    }
}

/// The roles that were ticked. Each box has a name of its own, as a form's names are unique.
fn chosen_roles(form: &Form) -> Vec<&str> {
    form.names().filter(|name| name.starts_with("role-")).filter_map(|name| form.get(name)).collect()
}

fn download(visit: &Visit, file: &TokenFile) -> Result<Response, Refused> {
    let line = file.line().map_err(|error| Refused::failure(visit, false, &error))?;
    let disposition = format!("attachment; filename=\"{}\"", TokenFile::NAME);
    let disposition = HeaderValue::from_str(&disposition).map_err(|error| Refused::failure(visit, false, &error))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, line).into_response())
}

fn ask_again(
    visit: &Visit,
    application: &Application,
    form: &Form,
    chosen: &[&str],
    refusal: &GenerateRefusal,
) -> Response {
    let mut page = TokenPage::new(visit, application);
    page.customized = form.get("scopes") == Some("customized");
    for role in &mut page.roles {
        role.chosen = chosen.contains(&role.name.as_str());
    }
    let explanation = refusal.explanation();
    page.problem = Some(TokenProblem {
        why: sentence(&refusal.to_string()),
        fix: explanation.as_ref().map(|explanation| sentence(&explanation.fix)).unwrap_or_default(),
        ecid: visit.ecid().to_owned(),
    });
    let mut response = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
    if let Some(explanation) = explanation {
        response.extensions_mut().insert(explanation);
    }
    response
}

/// The command that gets such a token at the token endpoint, which takes the user's password instead of a session.
fn command(visit: &Visit, application: &Application) -> Option<String> {
    if !application.allowed_grants.contains(&GrantType::Password) {
        return None;
    }
    let user_name = &visit.session()?.user.user_name;
    let scope = match application.granted_roles.as_slice() {
        [only] if only == "Me" => "urn:opc:idm:t.user.me",
        _ => "urn:opc:idm:__myscopes__",
    };
    let client = quoted(&format!("{}:********", application.client_id));
    let user_name = quoted(&format!("username={user_name}"));
    let endpoint = quoted(&format!("{}/oauth2/v1/token", visit.stripe_url()));
    Some(format!(
        "curl -u {client} \\\n  -d 'grant_type=password' \\\n  --data-urlencode {user_name} \\\n  \
         --data-urlencode 'password=********' \\\n  -d 'scope={scope}' \\\n  {endpoint}"
    ))
}

/// Quotes a word for a POSIX shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_cannot_leave_its_quotes() {
        assert_eq!(quoted("a b$(c)"), "'a b$(c)'");
        assert_eq!(quoted("o'brien"), r"'o'\''brien'");
    }

    #[test]
    fn only_ticked_boxes_count() {
        let form = Form::parse(
            Some("application/x-www-form-urlencoded"),
            b"scopes=customized&role-1=Me&role-2=&role=X&role-3=User+Administrator",
        );
        assert_eq!(chosen_roles(&form.unwrap()), ["Me", "User Administrator"]);
    }
}
