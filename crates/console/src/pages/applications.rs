//! The applications of an identity domain, and one of them.

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use obol_domain::Explanation;
use obol_identity::applications::Application;
use obol_protocol::oauth::GrantType;

use crate::{
    chrome::{Chrome, Moment},
    refusal::{Refused, render},
    visit::{Administrator, Visit},
};

/// The list.
#[derive(Template)]
#[template(path = "applications.html")]
pub(crate) struct ApplicationsPage {
    pub(crate) chrome: Chrome,
    pub(crate) applications: Vec<ApplicationRow>,
}

/// An application as a list shows it.
#[derive(Debug, Clone)]
pub(crate) struct ApplicationRow {
    pub(crate) id: String,
    pub(crate) display_name: String,
    pub(crate) description: String,
    pub(crate) kind: &'static str,
    pub(crate) active: bool,
    pub(crate) client_id: String,
}

impl From<&Application> for ApplicationRow {
    fn from(application: &Application) -> Self {
        let kind = if application.is_service {
            "Oracle Cloud service"
        } else if application.is_confidential {
            "Confidential application"
        } else {
            "Public application"
        };
        Self {
            id: application.id.clone(),
            display_name: application.display_name.clone(),
            description: application.description.clone(),
            kind,
            active: application.is_active,
            client_id: application.client_id.clone(),
        }
    }
}

/// One application.
#[derive(Template)]
#[template(path = "application.html")]
pub(crate) struct ApplicationPage {
    pub(crate) chrome: Chrome,
    pub(crate) application: ApplicationRow,
    pub(crate) ocid: String,
    pub(crate) created: Moment,
    pub(crate) grants: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) can_generate: bool,
    pub(crate) requirements: [Requirement; 3],
}

/// What an application needs so that a token can be generated for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Requirement {
    pub(crate) text: &'static str,
    pub(crate) met: bool,
}

/// What *Generate Access Token* asks of an application (contract identity 4).
pub(crate) fn requirements(application: &Application) -> [Requirement; 3] {
    [
        Requirement { text: "It is a confidential application", met: application.is_confidential },
        Requirement {
            text: "Its allowed grant types include JWT Assertion",
            met: application.allowed_grants.contains(&GrantType::JwtBearer),
        },
        Requirement { text: "It is active", met: application.is_active },
    ]
}

/// Answers `GET /ui/v1/adminconsole/?root=apps`.
pub(crate) async fn list(Administrator(visit): Administrator) -> Response {
    match visit.identity().applications(&visit.stripe().name).await {
        Ok(applications) => {
            let page = ApplicationsPage {
                chrome: visit.chrome("Applications").under("Home", "/"),
                applications: applications.iter().map(ApplicationRow::from).collect(),
            };
            render(StatusCode::OK, &page)
        }
        Err(error) => Refused::failure(&visit, error.is_passing(), &error).into_response(),
    }
}

/// Answers `GET /ui/v1/adminconsole/apps/{id}`.
pub(crate) async fn show(Administrator(visit): Administrator, Path(id): Path<String>) -> Result<Response, Refused> {
    let application = find(&visit, &id).await?;
    let page = ApplicationPage {
        chrome: under_applications(&visit, &application.display_name),
        ocid: application.ocid.clone(),
        created: application.created_at.into(),
        grants: application.allowed_grants.iter().map(|grant| grant.label().to_owned()).collect(),
        roles: application.granted_roles.clone(),
        can_generate: application.can_generate(),
        requirements: requirements(&application),
        application: ApplicationRow::from(&application),
    };
    Ok(render(StatusCode::OK, &page))
}

/// The frame of a page below the list.
pub(crate) fn under_applications(visit: &Visit, title: &str) -> Chrome {
    visit.chrome(title).under("Home", "/").under("Applications", "/adminconsole/?root=apps")
}

/// The application of a page's address.
pub(crate) async fn find(visit: &Visit, id: &str) -> Result<Application, Refused> {
    match visit.identity().application(&visit.stripe().name, id).await {
        Ok(Some(application)) => Ok(application),
        Ok(None) => Err(Refused::new(
            visit,
            StatusCode::NOT_FOUND,
            "There is no such application",
            Explanation::new(
                "application_known",
                "the id of an application of this identity domain",
                "an id that none has",
                "Open the application from the list of applications.",
            ),
        )),
        Err(error) => Err(Refused::failure(visit, error.is_passing(), &error)),
    }
}
