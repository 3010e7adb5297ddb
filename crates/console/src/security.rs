//! What every answer of the console says to the browser, and what no request from elsewhere may do.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};

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

/// Whether a request that changes something was made by a page of ours, as far as the browser says: Fetch Metadata
/// first, `Origin` for browsers without it. A client that sends neither is no browser and has no cookie to misuse.
pub(crate) fn from_our_own_page(method: &Method, headers: &HeaderMap) -> bool {
    if method.is_safe() {
        return true;
    }
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match (headers.get(header::ORIGIN), headers.get(header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => {
            let (origin, host) = (origin.as_bytes(), host.as_bytes());
            // A proxy may end TLS before us, so the scheme is not compared.
            [&b"https://"[..], b"http://"].iter().any(|scheme| origin.strip_prefix(*scheme) == Some(host))
        }
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(method: &Method, pairs: &[(&'static str, &'static str)]) -> bool {
        let headers =
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect();
        from_our_own_page(method, &headers)
    }

    #[test]
    fn our_own_forms_are_let_through() {
        for pairs in [
            &[("sec-fetch-site", "same-origin")][..],
            &[("sec-fetch-site", "none")],
            &[("origin", "http://127.0.0.1:4620"), ("host", "127.0.0.1:4620")],
            &[("origin", "https://idcs.example.com"), ("host", "idcs.example.com")],
            &[("host", "127.0.0.1:4620")],
        ] {
            assert!(allowed(&Method::POST, pairs), "{pairs:?}");
        }
    }

    #[test]
    fn pages_from_elsewhere_may_change_nothing() {
        for pairs in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "")],
            // Fetch Metadata cannot be forged by a page, so it counts for more than an agreeable Origin.
            &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost"), ("host", "localhost")],
            &[("origin", "null"), ("host", "127.0.0.1:4620")],
            &[("origin", "http://evil.example"), ("host", "127.0.0.1:4620")],
            &[("origin", "http://127.0.0.1:4621"), ("host", "127.0.0.1:4620")],
            &[("origin", "http://127.0.0.1:4620.evil.example"), ("host", "127.0.0.1:4620")],
            &[("origin", "http://127.0.0.1:4620")],
        ] {
            for method in [Method::POST, Method::PUT, Method::DELETE] {
                assert!(!allowed(&method, pairs), "{pairs:?}");
            }
        }
    }

    #[test]
    fn links_from_elsewhere_may_be_followed() {
        assert!(allowed(&Method::GET, &[("sec-fetch-site", "cross-site")]));
    }
}
