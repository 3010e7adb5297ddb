//! `GET /obol/v1/openapi/analytics.json`: the Analytics API described for programs, in a dev cloud and in production. It says
//! nothing that the documents do not say, so it is open.

use axum::{http::header, response::IntoResponse};

/// Where it is.
pub(crate) const PATH: &str = "/obol/v1/openapi/analytics.json";

/// Answers the document.
pub(crate) async fn analytics() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], obol_analytics::openapi::text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_document_is_served_as_json() {
        let answer = analytics().await.into_response();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
    }
}
