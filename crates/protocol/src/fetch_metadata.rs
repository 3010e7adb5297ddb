//! What a browser says of the page that made a request: Fetch Metadata (W3C), and `Origin` (RFC 6454) for browsers without
//! it. One rule for every door that a page of another site could knock at with the visitor's cookies or address.

use http::{HeaderMap, HeaderName, header};

/// The header of Fetch Metadata that tells how the page's site relates to ours.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a browser says that a page of another site made the request.
///
/// Fetch Metadata counts alone where it is sent: no page can forge it, and a proxy may have changed `Host`. A client that
/// sends neither header is no browser, and has nothing of a visitor's to misuse.
pub fn from_another_site(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(&SEC_FETCH_SITE) {
        return site != "same-origin" && site != "none";
    }
    match (headers.get(header::ORIGIN), headers.get(header::HOST)) {
        (None, _) => false,
        (Some(origin), Some(host)) => {
            let (origin, host) = (origin.as_bytes(), host.as_bytes());
            // A proxy may end TLS before us, so the scheme is not compared.
            ![&b"https://"[..], b"http://"].iter().any(|scheme| origin.strip_prefix(*scheme) == Some(host))
        }
        (Some(_), None) => true,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn other(pairs: &[(&'static str, &'static [u8])]) -> bool {
        let headers =
            pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap()));
        from_another_site(&headers.collect())
    }

    #[test]
    fn our_own_pages_and_what_is_no_browser_are_not_from_elsewhere() {
        for pairs in [
            &[][..],
            &[("host", &b"127.0.0.1:4620"[..])],
            &[("sec-fetch-site", b"same-origin")],
            &[("sec-fetch-site", b"none")],
            &[("sec-fetch-site", b"same-origin"), ("origin", b"https://obol.example"), ("host", b"inner:4620")],
            &[("origin", b"http://127.0.0.1:4620"), ("host", b"127.0.0.1:4620")],
            &[("origin", b"https://idcs.example.com"), ("host", b"idcs.example.com")],
        ] {
            assert!(!other(pairs), "{pairs:?}");
        }
    }

    #[test]
    fn pages_of_other_sites_are_told_apart() {
        for pairs in [
            &[("sec-fetch-site", &b"cross-site"[..])][..],
            &[("sec-fetch-site", b"same-site")],
            &[("sec-fetch-site", b"")],
            &[("sec-fetch-site", b"Same-Origin")],
            &[("sec-fetch-site", b"\xff")],
            // Fetch Metadata counts for more than an agreeing Origin.
            &[("sec-fetch-site", b"cross-site"), ("origin", b"http://localhost"), ("host", b"localhost")],
            &[("origin", b"null"), ("host", b"127.0.0.1:4620")],
            &[("origin", b"http://evil.example"), ("host", b"127.0.0.1:4620")],
            &[("origin", b"http://127.0.0.1:4621"), ("host", b"127.0.0.1:4620")],
            &[("origin", b"http://127.0.0.1:4620.evil.example"), ("host", b"127.0.0.1:4620")],
            &[("origin", b"ftp://127.0.0.1:4620"), ("host", b"127.0.0.1:4620")],
            &[("origin", b"http://127.0.0.1:4620")],
        ] {
            assert!(other(pairs), "{pairs:?}");
        }
    }
}
