//! An application's attributes: as they are answered, as callers may write them, and how what was written becomes rows
//! (contract identity 5.2).

use obol_domain::scopes::Tag;
use obol_protocol::scim::{
    Document, Fault,
    resources::app::{APP, CORE},
};
use obol_store::{
    app_scopes::AppScope,
    apps::{App, ClientSecret, ClientType, OAuthSettings, resource::AppResource},
};
use serde_json::{Value, json};

use super::{
    super::{Call, Refusal, app_refusal::AppRefusal, memberships::About},
    related::Related,
};

/// The templates that applications are made from; the second is for those that cannot keep a secret.
const TEMPLATES: [&str; 3] = [WEB, PUBLIC, "CustomEnterpriseAppTemplateId"];
const WEB: &str = "CustomWebAppTemplateId";
const PUBLIC: &str = "CustomBrowserMobileTemplateId";
/// What no application may be called: personal tokens name it as their client.
const RESERVED_NAME: &str = "tokenGenerator";

/// Attributes that are answered with this value where nobody chose another (captured answer of contract identity 5.2).
const FLAGS: [(&str, bool); 9] = [
    ("isAliasApp", false),
    ("isLoginTarget", true),
    ("isMobileTarget", false),
    ("isUnmanagedApp", true),
    ("isSamlServiceProvider", false),
    ("isWebTierPolicy", false),
    ("allowAccessControl", false),
    ("isKerberosRealm", false),
    ("showInMyApps", true),
];

/// A new application with nothing chosen yet.
pub(super) fn blank(call: &Call) -> AppResource {
    AppResource {
        app: App {
            id: call.new_id(),
            ocid: call.new_ocid("domainapp"),
            name: call.new_id(),
            display_name: String::new(),
            description: String::new(),
            client_type: ClientType::Confidential,
            is_active: false,
            is_oauth_client: false,
            is_oauth_resource: false,
            is_opc_service: false,
            allowed_grants: Vec::new(),
            allowed_operations: Vec::new(),
            audience: None,
            oauth: OAuthSettings::default(),
            secret: ClientSecret::None,
            created_at: call.now,
            modified_at: call.now,
        },
        template: WEB.to_owned(),
        shown_to_users: true,
        extra: "{}".to_owned(),
        created_by: call.actor(),
        modified_by: call.actor(),
        revision: 1,
    }
}

/// Fills in what follows from what was chosen: the template, and the kind of client.
pub(super) fn complete(document: &mut Document) -> Result<(), Refusal> {
    let of_template = |name: &str| document.get("basedOnTemplate").and_then(|template| template.get(name));
    let named = of_template("value").or_else(|| of_template("wellKnownId")).and_then(Value::as_str);
    let named = named.ok_or_else(|| Fault::Missing(vec!["basedOnTemplate.value".to_owned()]))?;
    let template = TEMPLATES.into_iter().find(|template| *template == named);
    let template = template.ok_or(Refusal::Reference { attribute: "App.basedOnTemplate", kind: "AppTemplate" })?;
    document.insert("basedOnTemplate".to_owned(), json!({"value": template, "wellKnownId": template}));
    let client_type = if template == PUBLIC { ClientType::Public } else { ClientType::Confidential };
    document.entry("clientType").or_insert(json!(client_type.as_str()));
    Ok(())
}

/// Takes typed values out of a document that was checked against the schema.
struct Taken<'a>(&'a mut Document);

impl Taken<'_> {
    fn text(&mut self, name: &str) -> Option<String> {
        match self.0.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    fn flag(&mut self, name: &str, otherwise: bool) -> bool {
        self.0.remove(name).and_then(|value| value.as_bool()).unwrap_or(otherwise)
    }

    /// Values of a list, each once.
    fn texts(&mut self, name: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for value in self.list(name) {
            if let Value::String(text) = value
                && !texts.contains(&text)
            {
                texts.push(text);
            }
        }
        texts
    }

    fn list(&mut self, name: &str) -> Vec<Value> {
        match self.0.remove(name) {
            Some(Value::Array(values)) => values,
            _ => Vec::new(),
        }
    }

    /// A part of each value of a list.
    fn parts(&mut self, name: &str, part: &str) -> Vec<String> {
        let mut found = Vec::new();
        for value in self.list(name) {
            if let Some(text) = value.get(part).and_then(Value::as_str)
                && !found.iter().any(|known| known == text)
            {
                found.push(text.to_owned());
            }
        }
        found
    }

    fn tags(&mut self, name: &str) -> Vec<Tag> {
        self.list(name).into_iter().filter_map(|tag| serde_json::from_value(tag).ok()).collect()
    }

    fn seconds(&mut self, name: &'static str) -> Result<Option<u32>, Fault> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        let seconds = value.as_i64().and_then(|seconds| u32::try_from(seconds).ok()).filter(|seconds| *seconds > 0);
        let expected =
            || Fault::Value { attribute: name.to_owned(), expected: "a positive number of seconds".to_owned() };
        seconds.map(Some).ok_or_else(expected)
    }
}

/// Puts what was written into an application, and gives its scopes. `before` is what it was, when there was one.
pub(super) fn apply(
    mut document: Document,
    resource: &mut AppResource,
    before: Option<&AppResource>,
) -> Result<Vec<AppScope>, Refusal> {
    for elsewhere in ["schemas", "certificates"] {
        document.remove(elsewhere);
    }
    let mut taken = Taken(&mut document);
    let template =
        taken.0.remove("basedOnTemplate").and_then(|template| Some(template.get("value")?.as_str()?.to_owned()));
    let template = template.unwrap_or_else(|| WEB.to_owned());
    if before.is_some_and(|before| before.template != template) {
        return Err(Fault::Immutable("basedOnTemplate".to_owned()).into());
    }
    resource.template = template;
    let app = &mut resource.app;
    if let Some(name) = taken.text("name") {
        let readable = name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        if !readable || name == RESERVED_NAME {
            return Err(AppRefusal::Name.into());
        }
        app.name = name;
    }
    app.display_name = taken.text("displayName").unwrap_or_default();
    app.description = taken.text("description").unwrap_or_default();
    if let Some(Ok(client_type)) = taken.text("clientType").map(|text| text.parse()) {
        app.client_type = client_type;
    }
    app.is_active = taken.flag("active", false);
    app.is_oauth_client = taken.flag("isOAuthClient", false);
    app.is_oauth_resource = taken.flag("isOAuthResource", false);
    app.allowed_grants = taken.texts("allowedGrants");
    app.allowed_operations = taken.texts("allowedOperations");
    app.audience = taken.text("audience");
    resource.shown_to_users = taken.flag("showInMyApps", true);
    app.oauth = OAuthSettings {
        secondary_audiences: taken.texts("secondaryAudiences"),
        allowed_scopes: taken.parts("allowedScopes", "fqs"),
        redirect_uris: taken.texts("redirectUris"),
        post_logout_redirect_uris: taken.texts("postLogoutRedirectUris"),
        logout_uri: taken.text("logoutUri"),
        login_page_url: taken.text("loginPageUrl"),
        logout_page_url: taken.text("logoutPageUrl"),
        error_page_url: taken.text("errorPageUrl"),
        landing_page_url: taken.text("landingPageUrl"),
        trust_scope: taken.text("trustScope").and_then(|text| text.parse().ok()).unwrap_or_default(),
        tags: taken.tags("tags"),
        allowed_tags: taken.tags("allowedTags"),
        access_token_expiry: taken.seconds("accessTokenExpiry")?,
        refresh_token_expiry: taken.seconds("refreshTokenExpiry")?,
        allow_offline: taken.flag("allowOffline", false),
        bypass_consent: taken.flag("bypassConsent", false),
        all_url_schemes_allowed: taken.flag("allUrlSchemesAllowed", false),
        client_ip_checking: taken.text("clientIPChecking").and_then(|text| text.parse().ok()).unwrap_or_default(),
    };
    let audience = app.audience.clone().unwrap_or_default();
    let scopes = taken.list("scopes").iter().map(|scope| scope_of(scope, &app.id, &audience)).collect();
    resource.extra = Value::Object(document).to_string();
    Ok(scopes)
}

fn scope_of(scope: &Value, app_id: &str, audience: &str) -> AppScope {
    let text = |name| scope.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let value = text("value");
    AppScope {
        app_id: app_id.to_owned(),
        fqs: format!("{audience}{value}"),
        display_name: text("displayName"),
        description: text("description"),
        requires_consent: scope.get("requiresConsent").and_then(Value::as_bool).unwrap_or_default(),
        value,
    }
}

/// What of an application callers may write, or could once.
pub(super) fn writable(resource: &AppResource, scopes: &[AppScope]) -> Document {
    let AppResource { app, template, extra, .. } = resource;
    let mut document: Document = serde_json::from_str(extra).unwrap_or_default();
    for (name, value) in FLAGS {
        document.entry(name).or_insert(json!(value));
    }
    document.entry("loginMechanism").or_insert(json!("OIDC"));
    document.entry("attrRenderingMetadata").or_insert(json!([{"name": "aliasApps", "visible": false}]));
    let oauth = &app.oauth;
    for (name, value) in [
        ("clientType", json!(app.client_type.as_str())),
        ("active", json!(app.is_active)),
        ("displayName", json!(app.display_name)),
        ("showInMyApps", json!(resource.shown_to_users)),
        ("allowOffline", json!(oauth.allow_offline)),
        ("name", json!(app.name)),
        ("description", json!(app.description)),
        ("isOAuthClient", json!(app.is_oauth_client)),
        ("isOAuthResource", json!(app.is_oauth_resource)),
        ("allUrlSchemesAllowed", json!(oauth.all_url_schemes_allowed)),
        ("trustScope", json!(oauth.trust_scope.as_str())),
        ("bypassConsent", json!(oauth.bypass_consent)),
        ("clientIPChecking", json!(oauth.client_ip_checking.as_str())),
        ("basedOnTemplate", json!({"value": template, "wellKnownId": template})),
        ("redirectUris", json!(oauth.redirect_uris)),
        ("postLogoutRedirectUris", json!(oauth.post_logout_redirect_uris)),
        ("allowedGrants", json!(app.allowed_grants)),
        ("allowedOperations", json!(app.allowed_operations)),
        ("secondaryAudiences", json!(oauth.secondary_audiences)),
        ("allowedScopes", oauth.allowed_scopes.iter().map(|fqs| json!({"fqs": fqs})).collect()),
        ("allowedTags", json!(oauth.allowed_tags)),
        ("tags", json!(oauth.tags)),
        ("scopes", scopes.iter().map(scope_written).collect()),
        ("accessTokenExpiry", json!(oauth.access_token_expiry)),
        ("refreshTokenExpiry", json!(oauth.refresh_token_expiry)),
        ("audience", json!(app.audience)),
        ("logoutUri", json!(oauth.logout_uri)),
        ("loginPageUrl", json!(oauth.login_page_url)),
        ("logoutPageUrl", json!(oauth.logout_page_url)),
        ("errorPageUrl", json!(oauth.error_page_url)),
        ("landingPageUrl", json!(oauth.landing_page_url)),
    ] {
        let absent = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(values) => values.is_empty(),
            Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
        };
        if !absent {
            document.insert(name.to_owned(), value);
        }
    }
    document
}

fn scope_written(scope: &AppScope) -> Value {
    let mut written = json!({"value": scope.value, "requiresConsent": scope.requires_consent});
    if let Some(members) = written.as_object_mut() {
        for (name, text) in [("displayName", &scope.display_name), ("description", &scope.description)] {
            if !text.is_empty() {
                members.insert(name.to_owned(), json!(text));
            }
        }
    }
    written
}

/// An application as it is answered; its secret is not there, as it is kept as a hash only.
pub(super) fn shown(call: &Call, resource: &AppResource, related: &Related) -> Document {
    let app = &resource.app;
    let scopes = related.scopes_of(&app.id);
    let mut document = writable(resource, scopes);
    for (name, value) in
        [("isOPCService", app.is_opc_service), ("isManagedApp", false), ("infrastructure", false), ("migrated", false)]
    {
        document.insert(name.to_owned(), json!(value));
    }
    document.insert("schemas".to_owned(), json!([CORE.urn]));
    let template = json!({
        "value": resource.template, "wellKnownId": resource.template, "lastModified": call.stripe.row.created_at,
        "$ref": call.location("/AppTemplates", &resource.template),
    });
    document.insert("basedOnTemplate".to_owned(), template);
    for (written, scope) in document.get_mut("scopes").and_then(Value::as_array_mut).into_iter().flatten().zip(scopes) {
        put(written, "fqs", json!(scope.fqs));
    }
    for allowed in document.get_mut("allowedScopes").and_then(Value::as_array_mut).into_iter().flatten() {
        let defining = allowed.get("fqs").and_then(Value::as_str).and_then(|fqs| related.defining(fqs));
        if let Some(id) = defining.map(str::to_owned) {
            put(allowed, "idOfDefiningApp", json!(id));
        }
    }
    let granted: Vec<_> = related
        .granted_to(&app.id)
        .iter()
        .filter_map(|grant| {
            let role = grant.role.as_ref()?;
            Some(json!({
                "value": role.id, "$ref": call.location("/AppRoles", &role.id), "display": role.name, "type": "direct",
                "appId": grant.app_id, "appName": grant.app_name, "adminRole": role.is_admin,
            }))
        })
        .collect();
    if !granted.is_empty() {
        document.insert("grantedAppRoles".to_owned(), Value::Array(granted));
    }
    let certificates = related.certificates_of(&app.id);
    if !certificates.is_empty() {
        document.insert(
            "certificates".to_owned(),
            certificates
                .iter()
                .map(|one| {
                    let (alias, x5t) = one;
                    json!({"certAlias": alias, "kid": alias, "x5t": x5t})
                })
                .collect(),
        );
    }
    let about = About {
        id: &app.id,
        ocid: &app.ocid,
        created_at: app.created_at,
        modified_at: app.modified_at,
        created_by: &resource.created_by,
        modified_by: &resource.modified_by,
        version: call.version("App", &app.id, resource.revision),
    };
    about.put(call, &APP, &mut document);
    document
}

fn put(value: &mut Value, name: &str, member: Value) {
    if let Some(members) = value.as_object_mut() {
        members.insert(name.to_owned(), member);
    }
}
