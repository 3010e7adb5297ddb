//! The settings of a stripe (contract identity 1 and 6.4): one resource, read and changed, never made or removed. The issuer,
//! the guard of the key set, the default trust scope and whom the sign-on policy asks for a second factor are what the token
//! service goes by; the rest is kept and shown.

use obol_domain::{
    audit::{Kind, Party},
    issuer,
    scopes::TrustScope,
    totp::MfaPolicy,
};
use obol_protocol::scim::{
    Document, Fault, incoming, patch,
    resources::settings::{CORE, OAUTH_CONFIG, OAUTH_CONFIG_ID, SETTINGS, SETTINGS_ID},
};
use obol_store::{
    audit,
    settings::{self, KeptSettings},
    stripes::{self, Stripe},
};
use serde_json::{Value, json};

use super::{Answer, Call, Refusal, app_refusal::AppRefusal, audited::changed_names, memberships::About};

const TRIES: usize = 4;
/// The longest that audit records are kept, in days.
const LONGEST_RETENTION: i64 = 3660;

/// The stripe's row and what else is kept, read now and not from memory.
async fn read(call: &Call) -> Result<(Stripe, KeptSettings), Refusal> {
    let row = stripes::get(call.db(), call.stripe()).await?.ok_or(Refusal::UnknownStripe)?;
    let kept = settings::get(call.db(), call.stripe()).await?.ok_or(Refusal::UnknownStripe)?;
    Ok((row, kept))
}

pub(super) async fn list(call: &Call) -> Result<Answer, Refusal> {
    let query = super::listing::of_query(call, &SETTINGS)?;
    let (row, kept) = read(call).await?;
    let document = shown(call, &row, &kept);
    let wanted =
        query.filter.as_ref().map(|filter| obol_protocol::scim::Condition::of(filter, &SETTINGS)).transpose()?;
    let passes = wanted.is_none_or(|wanted| wanted.holds(&document));
    let total = i64::from(passes);
    let documents: Vec<_> =
        Some(document).filter(|_| passes && query.count > 0 && query.start_index <= 1).into_iter().collect();
    Answer::page(&SETTINGS, &query, total, &documents, None)
}

pub(super) async fn get(call: &Call) -> Result<Answer, Refusal> {
    check_id(call)?;
    let (row, kept) = read(call).await?;
    Answer::resource(call, &SETTINGS, &shown(call, &row, &kept))
}

fn check_id(call: &Call) -> Result<(), Refusal> {
    if call.id == SETTINGS_ID { Ok(()) } else { Err(Refusal::NotFound("Settings")) }
}

fn writable(row: &Stripe, kept: &KeptSettings) -> Document {
    let mut document: Document = serde_json::from_str(&kept.extra).unwrap_or_default();
    for (name, value) in [
        ("csrAccess", json!("none")),
        ("subMappingAttr", json!("userName")),
        ("accountAlwaysTrustScope", json!(false)),
        ("locale", json!("en")),
        ("preferredLanguage", json!("en")),
        ("timezone", json!("America/Chicago")),
        ("auditEventRetentionPeriod", json!(30)),
    ] {
        document.entry(name).or_insert(value);
    }
    document.insert("issuer".to_owned(), json!(row.issuer));
    document.insert("signingCertPublicAccess".to_owned(), json!(row.signing_cert_public));
    document.insert("defaultTrustScope".to_owned(), json!(row.default_trust_scope.as_str()));
    document.insert("mfaPolicy".to_owned(), json!(row.mfa.as_str()));
    document
}

fn shown(call: &Call, row: &Stripe, kept: &KeptSettings) -> Document {
    let mut document = writable(row, kept);
    if let Some(previous) = &row.previous_issuer {
        document.insert("prevIssuer".to_owned(), json!(previous));
    }
    document.insert("cloudAccountName".to_owned(), json!(row.cloud_account_name));
    document.insert("schemas".to_owned(), json!([CORE.urn]));
    let about = About {
        id: SETTINGS_ID,
        ocid: "",
        created_at: row.created_at,
        modified_at: kept.modified_at.unwrap_or(row.created_at),
        created_by: "",
        modified_by: &kept.modified_by,
        version: call.version("Settings", SETTINGS_ID, kept.revision),
    };
    about.put(call, &SETTINGS, &mut document);
    document
}

pub(super) async fn replace(call: &Call) -> Result<Answer, Refusal> {
    change(call, |row, kept| Ok(incoming::replaced(&SETTINGS, &call.body, &shown(call, row, kept))?)).await
}

pub(super) async fn patch(call: &Call) -> Result<Answer, Refusal> {
    let operations = patch::read(&SETTINGS, &call.body)?;
    change(call, |row, kept| {
        let mut document = writable(row, kept);
        patch::apply(&SETTINGS, &mut document, &operations)?;
        Ok(document)
    })
    .await
}

async fn change(
    call: &Call,
    edit: impl Fn(&Stripe, &KeptSettings) -> Result<Document, Refusal>,
) -> Result<Answer, Refusal> {
    check_id(call)?;
    for _try in 0..TRIES {
        let (row, kept) = read(call).await?;
        call.check_version(&call.version("Settings", SETTINGS_ID, kept.revision))?;
        let document = edit(&row, &kept)?;
        if write(call, &row, &kept, document).await? {
            let (row, kept) = read(call).await?;
            return Answer::resource(call, &SETTINGS, &shown(call, &row, &kept));
        }
    }
    Err(Refusal::Raced)
}

/// Writes changed settings, unless somebody else did meanwhile. Returns whether they were written.
async fn write(call: &Call, row: &Stripe, kept: &KeptSettings, mut document: Document) -> Result<bool, Refusal> {
    document.remove("schemas");
    let changed = changed_names(&writable(row, kept), &document);
    let text = |document: &mut Document, name: &str| match document.remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    let asked = text(&mut document, "issuer");
    let issuer = issuer::chosen(&asked, &call.stripe.url).map_err(AppRefusal::Issuer)?.to_owned();
    let public = document.remove("signingCertPublicAccess").and_then(|public| public.as_bool()).unwrap_or_default();
    let trust: TrustScope = text(&mut document, "defaultTrustScope").parse().unwrap_or_default();
    let mfa: MfaPolicy = text(&mut document, "mfaPolicy").parse().unwrap_or_default();
    let retention = retention(&document)?;
    let stripe = call.stripe();
    let mut tx = call.db().begin().await?;
    if !settings::set(&mut tx, stripe, kept.revision, &Value::Object(document).to_string(), &call.actor(), call.now)
        .await?
    {
        return Ok(false);
    }
    stripes::set_issuer(&mut tx, stripe, &issuer).await?;
    stripes::set_signing_cert_public(&mut tx, stripe, public).await?;
    stripes::set_default_trust_scope(&mut tx, stripe, trust).await?;
    stripes::set_mfa(&mut tx, stripe, mfa).await?;
    audit::set_retention(&mut tx, stripe, retention).await?;
    let on = Party::new(Kind::Settings, SETTINGS_ID, SETTINGS_ID);
    call.audit(&mut tx, "admin.settings.update", on, changed).await?;
    tx.commit().await?;
    call.identity.forget(stripe);
    Ok(true)
}

fn retention(document: &Document) -> Result<u32, Refusal> {
    let days = document.get("auditEventRetentionPeriod").and_then(Value::as_i64).unwrap_or(30);
    match u32::try_from(days) {
        Ok(fits) if (1..=LONGEST_RETENTION).contains(&days) => Ok(fits),
        _ => {
            let expected = format!("1 to {LONGEST_RETENTION} days");
            Err(Fault::Value { attribute: "auditEventRetentionPeriod".to_owned(), expected }.into())
        }
    }
}

/// `GET /OAuthConfig/OAuthConfig`: what tokens live by where nothing else says otherwise (contract identity 9).
pub(super) async fn oauth_config(call: &Call) -> Result<Answer, Refusal> {
    if call.id != OAUTH_CONFIG_ID {
        return Err(Refusal::NotFound("OAuthConfig"));
    }
    let (row, _) = read(call).await?;
    let mut document = Document::new();
    for (name, value) in [
        ("accessTokenExpirySeconds", json!(3600)),
        ("refreshTokenExpirySeconds", json!(604_800)),
        ("maxAllowedScopesPerResource", json!(obol_store::app_scopes::MOST_SCOPES)),
        ("clockSkewSeconds", json!(60)),
        ("schemas", json!([OAUTH_CONFIG.core.urn])),
    ] {
        document.insert(name.to_owned(), value);
    }
    let about = About {
        id: OAUTH_CONFIG_ID,
        ocid: "",
        created_at: row.created_at,
        modified_at: row.created_at,
        created_by: "",
        modified_by: "",
        version: call.version("OAuthConfig", OAUTH_CONFIG_ID, 1),
    };
    about.put(call, &OAUTH_CONFIG, &mut document);
    Answer::resource(call, &OAUTH_CONFIG, &document)
}

/// `PUT` and `PATCH` of `/OAuthConfig`, which the product denies.
pub(super) fn oauth_config_fixed() -> Result<Answer, Refusal> {
    Err(AppRefusal::Fixed.into())
}
