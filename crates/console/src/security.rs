//! What every answer of the console says to the browser, and what no request from elsewhere may do.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use obol_protocol::fetch_metadata::from_another_site;

/// Nothing but our own stylesheet, images and forms: no script at all, no frame in either direction.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

const HEADERS: [(HeaderName, HeaderValue); 7] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Not `no-referrer`: under it browsers send `Origin: null` with our own forms.
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
];

/// Adds the headers. Whatever says nothing about caching is not kept: pages show what one person may see.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whether a request changes nothing, or was made by a page of ours as far as the browser says.
pub(crate) fn from_our_own_page(method: &Method, headers: &HeaderMap) -> bool {
    method.is_safe() || !from_another_site(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(method: &Method, site: &'static str) -> bool {
        from_our_own_page(
            method,
            &[("sec-fetch-site".parse().unwrap(), HeaderValue::from_static(site))].into_iter().collect(),
        )
    }

    #[test]
    fn pages_from_elsewhere_may_change_nothing() {
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            assert!(allowed(&method, "same-origin"));
            assert!(!allowed(&method, "cross-site"));
        }
    }

    #[test]
    fn links_from_elsewhere_may_be_followed() {
        assert!(allowed(&Method::GET, "cross-site"));
    }
}
