//! What an operation answers with.

use http::StatusCode;
use obol_protocol::scim::{
    Document, ListAnswer, ListQuery, Projection, ResourceType,
    list::{PageToken, projection},
};
use serde::Serialize;

use super::{Call, Refusal};
use crate::ServiceError;

/// An answer of the administration API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The body; none for 204.
    pub(crate) body: Option<Vec<u8>>,
    /// The header `ETag`.
    pub(crate) etag: Option<String>,
    /// The header `Location`.
    pub(crate) location: Option<String>,
    /// The header `opc-next-page`.
    pub(crate) next: Option<PageToken>,
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(value).map_err(|error| ServiceError::Sign(obol_protocol::jose::SignError::Claims(error)).into())
}

impl Answer {
    /// 200 with something.
    pub(crate) fn ok(value: &impl Serialize) -> Result<Self, Refusal> {
        Ok(Self { status: StatusCode::OK, body: Some(json(value)?), etag: None, location: None, next: None })
    }

    /// 204.
    pub(crate) const fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None, etag: None, location: None, next: None }
    }

    /// 200 with a resource, as much of it as the query wants.
    pub(crate) fn resource(call: &Call, resource: &ResourceType, document: &Document) -> Result<Self, Refusal> {
        Self::projected(resource, document, &projection(resource, &call.query)?)
    }

    /// 200 with a resource, as much of it as a projection says.
    pub(crate) fn projected(
        resource: &ResourceType,
        document: &Document,
        projection: &Projection,
    ) -> Result<Self, Refusal> {
        let mut answer = Self::ok(&projection.render(resource, document))?;
        let of_meta = |name| document.get("meta").and_then(|meta| meta.get(name)).and_then(|value| value.as_str());
        answer.etag = of_meta("version").map(str::to_owned);
        Ok(answer)
    }

    /// 201 with a resource that was made.
    pub(crate) fn created(call: &Call, resource: &ResourceType, document: &Document) -> Result<Self, Refusal> {
        let mut answer = Self::resource(call, resource, document)?;
        answer.status = StatusCode::CREATED;
        let location = document.get("meta").and_then(|meta| meta.get("location")).and_then(|value| value.as_str());
        answer.location = location.map(str::to_owned);
        Ok(answer)
    }

    /// 200 with a page of resources.
    pub(crate) fn page(
        resource: &ResourceType,
        query: &ListQuery,
        total: i64,
        documents: &[Document],
        last: Option<(String, String)>,
    ) -> Result<Self, Refusal> {
        let shown = documents.iter().map(|document| query.projection.render(resource, document)).collect();
        let mut answer = Self::ok(&ListAnswer::new(query, total, shown))?;
        let next = query.start_index.saturating_add(i64::try_from(documents.len()).unwrap_or(i64::MAX));
        answer.next = last.map(|(key, id)| query.next(key, id, next, total));
        Ok(answer)
    }
}
