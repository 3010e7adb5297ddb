//! The certificates that an application signs its assertions with (contract identity 2.4): shown by alias and thumbprint, taken
//! as base64 or PEM in `x509Base64Certificate`.

use obol_protocol::scim::Document;
use obol_store::{
    StoreError, Tx,
    app_certificates::{self, AppCertificate},
};
use serde_json::{Value, json};

use super::super::{Call, Refusal, app_refusal::AppRefusal};
use crate::certificates::upload;

/// What is done to the certificates of an application.
pub(super) struct Changes {
    gone: Vec<String>,
    new: Vec<AppCertificate>,
}

/// Puts those there are among what a PATCH is applied to.
pub(super) fn put(document: &mut Document, known: &[(String, String)]) {
    if !known.is_empty() {
        let shown = known.iter().map(|(alias, _)| json!({"certAlias": alias})).collect();
        document.insert("certificates".to_owned(), shown);
    }
}

/// What a document says: one with a certificate is new or takes another's place, one without must be known.
pub(super) fn read(call: &Call, document: &Document, known: &[(String, String)]) -> Result<Changes, Refusal> {
    let mut changes = Changes { gone: Vec::new(), new: Vec::new() };
    let mut named = Vec::new();
    for value in document.get("certificates").and_then(Value::as_array).into_iter().flatten() {
        let alias = value.get("certAlias").and_then(Value::as_str).unwrap_or_default();
        let is_known = known.iter().any(|(one, _)| one == alias);
        match value.get("x509Base64Certificate").and_then(Value::as_str) {
            Some(text) => {
                let certificate = upload(alias, text, call.identity.0.clock.wall()).map_err(AppRefusal::Certificate)?;
                if is_known {
                    changes.gone.push(alias.to_owned());
                }
                changes.new.push(certificate);
            }
            None if is_known => {}
            None => return Err(Refusal::Reference { attribute: "App.certificates", kind: "certificate" }),
        }
        named.push(alias);
    }
    changes.gone.extend(known.iter().map(|(alias, _)| alias).filter(|alias| !named.contains(&alias.as_str())).cloned());
    Ok(changes)
}

/// Does it.
pub(super) async fn write(call: &Call, tx: &mut Tx, app_id: &str, changes: Changes) -> Result<(), Refusal> {
    for alias in &changes.gone {
        app_certificates::delete(tx, call.stripe(), app_id, alias).await?;
    }
    for certificate in &changes.new {
        app_certificates::insert(tx, call.stripe(), app_id, certificate).await.map_err(|error| match error {
            StoreError::Duplicate { .. } => Refusal::Duplicate { kind: "certificate", attribute: "certAlias" },
            error => error.into(),
        })?;
    }
    Ok(())
}
