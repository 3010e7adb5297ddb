//! The authorization endpoint's decisions: who asks, where the answer may go, who is signed in, what they agreed to
//! (RFC 6749 section 4.1, OpenID Connect Core section 3.1.2). The token service's door and the console's consent page
//! call the same functions.
//!
//! Until the client and its redirect URI are known to be good, nothing is sent back to them: whoever made the request up
//! could otherwise have this server send people anywhere.

mod refusal;

use std::{sync::Arc, time::Duration};

use obol_domain::{
    audit::{self, Cause, Event, Party},
    scopes::{Granted, ResourceScope},
};
use obol_protocol::{
    Secret, Timestamp,
    oauth::{
        Addressee, AuthorizationProblem, AuthorizationRequest, Form, GrantType,
        authorize::{Shown, resumed, with_query},
    },
};
use obol_store::{
    apps::ClientType,
    authorization_codes::{self, Code},
    consents,
};

pub use self::refusal::{Answered, AuthorizeRefusal, Reason, Unanswerable};
use crate::{
    Identity, ServiceError, StripeLocator,
    cache::{LoadedClient, LoadedStripe},
    grants::{Admitted, TokenRefusal},
    opaque::{self, Kind},
    sessions::OpenSession,
};

/// How long a code lives (contract identity 9).
const CODE_LIFETIME: Duration = Duration::from_mins(3);

/// What a good request comes to.
#[derive(Debug)]
pub enum Outcome {
    /// The browser goes to the client with a code.
    Code(Redirect),
    /// The user signs in first.
    SignIn {
        /// The query to come back with.
        resume: String,
        /// Whether a session there is does not count.
        again: bool,
    },
    /// The user is asked first.
    Consent(Asked),
}

/// Where a browser goes. It holds a code, so it is not printed.
pub struct Redirect(pub String);

impl std::fmt::Debug for Redirect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redirect(***)")
    }
}

/// What a user is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The name of the client.
    pub client: String,
    /// The scopes that it wants.
    pub scopes: Vec<AskedScope>,
    /// The query that was asked with.
    pub query: String,
}

/// A scope that a user is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedScope {
    /// Its name.
    pub name: String,
    /// What it opens.
    pub description: String,
}

/// What the user decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The client gets the scopes.
    Allow,
    /// It does not.
    Deny,
}

/// A request whose client may be answered.
struct Heard {
    stripe: Arc<LoadedStripe>,
    client: Arc<LoadedClient>,
    redirect_uri: String,
    state: Option<String>,
}

/// A request that only lacks what the user agrees to.
struct Understood {
    heard: Heard,
    request: AuthorizationRequest,
    session: OpenSession,
    unasked: Vec<Arc<ResourceScope>>,
}

impl Identity {
    /// Decides an authorization request.
    ///
    /// # Errors
    ///
    /// [`AuthorizeRefusal`], which says whether the client may be told.
    pub async fn authorize(
        &self,
        locator: &StripeLocator,
        form: &Form,
        session: Option<&Secret>,
        cause: &Cause,
        now: Timestamp,
    ) -> Result<Outcome, AuthorizeRefusal> {
        let heard = self.hear(locator, form, now).await?;
        match self.understand(heard, form, session, cause, now).await? {
            Step::SignIn { again } => Ok(Outcome::SignIn { resume: resumed(form, Shown::SignIn), again }),
            Step::Ready(understood) if understood.unasked.is_empty() => {
                Ok(Outcome::Code(self.give_code(&understood, cause, now).await?))
            }
            Step::Ready(understood) if understood.request.prompt.none => {
                Err(understood.heard.refuse(Reason::ConsentRequired))
            }
            Step::Ready(understood) => Ok(Outcome::Consent(Asked {
                client: understood.heard.client.app.display_name.clone(),
                scopes: understood.unasked.iter().map(|scope| shown(scope)).collect(),
                query: resumed(form, Shown::Nothing),
            })),
        }
    }

    /// Takes what a user decided about an authorization request; returns the query to go on with.
    ///
    /// # Errors
    ///
    /// [`AuthorizeRefusal`]; a denial is one, and tells the client.
    pub async fn decide(
        &self,
        locator: &StripeLocator,
        form: &Form,
        session: Option<&Secret>,
        decision: Decision,
        cause: &Cause,
        now: Timestamp,
    ) -> Result<String, AuthorizeRefusal> {
        let heard = self.hear(locator, form, now).await?;
        let understood = match self.understand(heard, form, session, cause, now).await? {
            Step::SignIn { .. } => return Ok(resumed(form, Shown::Nothing)),
            Step::Ready(understood) => understood,
        };
        if decision == Decision::Deny {
            return Err(understood.heard.refuse(Reason::Denied));
        }
        let scopes: Vec<String> = understood.unasked.iter().map(|scope| scope.fqs.clone()).collect();
        let Heard { stripe, client, .. } = &understood.heard;
        let user_id = &understood.session.user.user_id;
        let mut tx = self.0.db.begin().await?;
        consents::give(&mut tx, &stripe.row.name, user_id, &client.app.id, &scopes, now).await?;
        let event = understood.event("oauth.consent.create", cause, now).saying(scopes.join(" "));
        self.audit(&mut tx, &stripe.row.name, &[event]).await?;
        tx.commit().await?;
        Ok(resumed(form, Shown::Consent))
    }

    /// The checks before anybody may be answered: stripe, client, redirect URI.
    async fn hear(&self, locator: &StripeLocator, form: &Form, now: Timestamp) -> Result<Heard, AuthorizeRefusal> {
        let stripe = self.locate(locator, now).await?.ok_or(Unanswerable::UnknownStripe)?;
        let Addressee { client_id, redirect_uri, state } = Addressee::parse(form).map_err(Unanswerable::Addressee)?;
        let client = self.0.cache.client(&stripe, &client_id).await?.ok_or(Unanswerable::UnknownClient)?;
        if !client.app.is_oauth_client {
            return Err(Unanswerable::NotAClient(client_id).into());
        }
        if !client.app.is_active {
            return Err(Unanswerable::Inactive(client_id).into());
        }
        let redirect_uri = redirect_uri.ok_or(Unanswerable::NoRedirectUri)?;
        if !client.app.oauth.redirect_uris.contains(&redirect_uri) {
            return Err(Unanswerable::RedirectUri(client_id).into());
        }
        Ok(Heard { stripe, client, redirect_uri, state })
    }

    /// The checks whose refusals the client is told: request, grant, challenge, session, scopes.
    async fn understand(
        &self,
        heard: Heard,
        form: &Form,
        session: Option<&Secret>,
        cause: &Cause,
        now: Timestamp,
    ) -> Result<Step, AuthorizeRefusal> {
        let request = match AuthorizationRequest::parse(form) {
            Ok(request) => request,
            Err(problem) => return Err(heard.refuse(Reason::Request(problem))),
        };
        let Heard { stripe, client, .. } = &heard;
        if !client.allows(GrantType::AuthorizationCode) {
            return Err(heard.refuse(Reason::Grant));
        }
        if client.app.client_type == ClientType::Public && request.code_challenge.is_none() {
            return Err(heard.refuse(Reason::NoChallenge));
        }
        let open = match session {
            Some(id) => self.session(&stripe.row.name, id).await?,
            None => None,
        };
        let fresh = |open: &OpenSession| {
            let age = now.since(open.signed_in_at);
            request.max_age.is_none_or(|most| age <= Duration::from_secs(u64::from(most)))
        };
        let Some(session) = open.filter(|open| fresh(open) && !request.prompt.login) else {
            if request.prompt.none {
                return Err(heard.refuse(Reason::LoginRequired));
            }
            let again = request.prompt.login || request.max_age.is_some();
            return Ok(Step::SignIn { again });
        };
        let admitted = Admitted { stripe, client, scope: &request.scope, base: None, cause, now };
        let granted = match self.resolve(&admitted, Some(&session.roles)).await {
            Ok((granted, _)) => granted,
            Err(TokenRefusal::Service(error)) => return Err(error.into()),
            Err(refusal) => return Err(heard.refuse(Reason::Scope(Box::new(refusal)))),
        };
        let again = request.prompt.consent;
        let unasked = self.unasked(stripe, client, &session.user.user_id, &granted, again).await?;
        Ok(Step::Ready(Box::new(Understood { heard, request, session, unasked })))
    }

    /// The scopes that require consent and that the user did not agree to yet; all of them when asked `again`.
    async fn unasked(
        &self,
        stripe: &LoadedStripe,
        client: &LoadedClient,
        user_id: &str,
        granted: &[Granted],
        again: bool,
    ) -> Result<Vec<Arc<ResourceScope>>, ServiceError> {
        let mut wanted: Vec<_> = granted.iter().flat_map(|token| token.consent.iter().cloned()).collect();
        if wanted.is_empty() || client.app.oauth.bypass_consent {
            return Ok(Vec::new());
        }
        if !again {
            let given = consents::given(&self.0.db, &stripe.row.name, user_id, &client.app.id).await?;
            wanted.retain(|scope| !given.contains(&scope.fqs));
        }
        Ok(wanted)
    }

    async fn give_code(
        &self,
        understood: &Understood,
        cause: &Cause,
        now: Timestamp,
    ) -> Result<Redirect, ServiceError> {
        let Understood { heard, request, session, .. } = understood;
        let text = opaque::mint(&*self.0.entropy);
        let code = Code {
            code_hash: self.opaque_hash(Kind::Code, &text).unwrap_or_default(),
            app_id: heard.client.app.id.clone(),
            user_id: session.user.user_id.clone(),
            redirect_uri: heard.redirect_uri.clone(),
            scope: request.scope.to_string(),
            nonce: request.nonce.clone(),
            code_challenge: request.code_challenge.clone(),
            auth_time: session.signed_in_at,
            sid: session.sid.clone(),
            created_at: now,
            expires_at: now.plus(CODE_LIFETIME),
            used_at: None,
            family_id: None,
        };
        let mut tx = self.0.db.begin().await?;
        authorization_codes::insert(&mut tx, &heard.stripe.row.name, &code).await?;
        let event = understood.event("oauth.code.create", cause, now);
        self.audit(&mut tx, &heard.stripe.row.name, &[event]).await?;
        tx.commit().await?;
        Ok(Redirect(heard.answer(&[("code", text.expose())])))
    }
}

impl Understood {
    /// What happened for the user who is signed in, at the client's wish.
    fn event(&self, name: &'static str, cause: &Cause, now: Timestamp) -> Event {
        let (user, app) = (&self.session.user, &self.heard.client.app);
        let cause = cause.clone().by(Party::new(audit::Kind::User, &user.user_id, &user.user_name)).through(&app.name);
        Event::new(name, audit::Outcome::Success, cause, now).on(Party::new(
            audit::Kind::App,
            &app.id,
            &app.display_name,
        ))
    }
}

/// How far a request came.
enum Step {
    SignIn { again: bool },
    Ready(Box<Understood>),
}

fn shown(scope: &ResourceScope) -> AskedScope {
    let name = if scope.display_name.is_empty() { &scope.value } else { &scope.display_name };
    AskedScope { name: name.clone(), description: scope.description.clone() }
}

impl Heard {
    /// The client's address with an answer in it.
    fn answer(&self, parameters: &[(&str, &str)]) -> String {
        let state = self.state.as_deref().map(|state| ("state", state));
        let all: Vec<_> = parameters.iter().copied().chain(state).collect();
        with_query(&self.redirect_uri, &all)
    }

    fn refuse(&self, reason: Reason) -> AuthorizeRefusal {
        let error = reason.answer();
        let location =
            self.answer(&[("error", error.code.as_str()), ("error_description", error.description.as_ref())]);
        AuthorizeRefusal::Answered(Box::new(Answered { location, reason }))
    }
}

impl From<AuthorizationProblem> for Reason {
    fn from(problem: AuthorizationProblem) -> Self {
        Self::Request(problem)
    }
}
