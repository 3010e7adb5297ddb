//! The front door, before any routing: whose name was called, which stripe is meant, and what was asked for literally.
//!
//! The Host must be one of our own names even in a dev cloud, so that a web page cannot reach in through a name that it
//! made resolve to loopback (DNS rebinding).

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, Uri, header, uri::PathAndQuery},
    response::{IntoResponse, Response},
};
use obol_identity::http::{PublicBase, StripeLocator};
use obol_protocol::oci::signature::RawTarget;

/// By which names a server is called, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Front {
    /// `http` or `https`, as clients see it.
    scheme: &'static str,
    /// The name it has beside those of loopback; stripes are names below it.
    domain: Option<String>,
}

impl Front {
    /// The names of a dev cloud: loopback's own.
    pub const fn loopback() -> Self {
        Self { scheme: "http", domain: None }
    }

    /// The names of a server that is called `domain`, a host name without a port.
    pub fn named(scheme: &'static str, domain: &str) -> Self {
        Self { scheme, domain: Some(domain.to_ascii_lowercase()) }
    }

    /// Lets a request in: marks its stripe, public base and raw target, and cleans its path for routing.
    ///
    /// # Errors
    ///
    /// [`TurnedAway`], which is the answer.
    pub fn admit(&self, mut request: Request) -> Result<Request, TurnedAway> {
        let authority = authority(request.headers(), request.uri()).ok_or(TurnedAway::NoHost)?;
        let named = self.stripe_of_host(&authority).ok_or(TurnedAway::NotOurName)?;
        let raw = request.uri().path_and_query().map_or("/", PathAndQuery::as_str).to_owned();
        let (prefix, target) = split_stripe(&raw);
        let base =
            format!("{}://{authority}{}", self.scheme, prefix.map(|name| format!("/{name}")).unwrap_or_default());
        if let (Some(path), Some(host)) = (prefix, &named)
            && path != host
        {
            return Err(TurnedAway::TwoStripes);
        }
        let locator = match prefix.or(named.as_deref()) {
            Some(name) => StripeLocator::Named(name.to_owned()),
            None => StripeLocator::Only,
        };
        let clean = collapse_slashes(target);
        if clean != raw {
            let target = clean.parse::<PathAndQuery>().map_err(|_| TurnedAway::Target)?;
            let mut parts = request.uri().clone().into_parts();
            parts.path_and_query = Some(target);
            // Scheme and authority were a valid pair before, or both absent.
            *request.uri_mut() = Uri::from_parts(parts).map_err(|_| TurnedAway::Target)?;
            request.extensions_mut().insert(RawTarget(raw));
        }
        request.extensions_mut().insert(locator);
        request.extensions_mut().insert(PublicBase(base));
        Ok(request)
    }

    /// `None` when the name is not ours, `Some(None)` when it is and names no stripe.
    #[expect(clippy::option_option, reason = "the two answers are different questions")]
    fn stripe_of_host(&self, authority: &str) -> Option<Option<String>> {
        let host = match authority.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?.0,
            None => authority.split_once(':').map_or(authority, |(host, _port)| host),
        };
        match host {
            "127.0.0.1" | "localhost" | "::1" => Some(None),
            _ if self.domain.as_deref() == Some(host) => Some(None),
            _ => {
                let ours = ["localhost"].into_iter().chain(self.domain.as_deref());
                let label = ours.into_iter().find_map(|domain| host.strip_suffix(domain)?.strip_suffix('.'));
                label.filter(|label| is_stripe(label)).map(|label| Some(label.to_owned()))
            }
        }
    }
}

/// A request that is not for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    /// 400: it has no Host, several, or one that no host can have.
    NoHost,
    /// 421 (RFC 9110 section 15.5.20): the Host is not one of our names.
    NotOurName,
    /// 400: the Host names one stripe, the path another.
    TwoStripes,
    /// 400: the target makes no sense.
    Target,
}

impl IntoResponse for TurnedAway {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::NoHost => (StatusCode::BAD_REQUEST, "the request has no usable Host header\n"),
            Self::NotOurName => (
                StatusCode::MISDIRECTED_REQUEST,
                "the Host header does not name this server: use its own name, or that of a stripe below it; on this machine 127.0.0.1, localhost, [::1] or idcs-<32 hex>.localhost\n",
            ),
            Self::TwoStripes => (StatusCode::BAD_REQUEST, "the Host header names one stripe and the path another\n"),
            Self::Target => (StatusCode::BAD_REQUEST, "the request target is malformed\n"),
        };
        (status, text).into_response()
    }
}

/// The authority the client called: `Host` in HTTP/1, `:authority` in HTTP/2; lowercase.
fn authority(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let text = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok()?,
        (None, None) => uri.authority()?.as_str(),
        _ => return None,
    };
    let fine = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte));
    fine.then(|| text.to_ascii_lowercase())
}

/// Splits `/idcs-<32 hex>/rest` into the stripe and `/rest`.
fn split_stripe(target: &str) -> (Option<&str>, &str) {
    let split = target.strip_prefix('/').and_then(|rest| {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        rest.split_at_checked(end)
    });
    match split {
        Some((name, rest)) if is_stripe(name) => (Some(name), if rest.is_empty() { "/" } else { rest }),
        _ => (None, target),
    }
}

fn is_stripe(text: &str) -> bool {
    text.strip_prefix("idcs-").is_some_and(|hex| {
        hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

/// Makes one slash of several in the path: an endpoint with a trailing slash makes official clients send
/// `//20190331/…` (contract analytics 0, rule 11). The query is left alone.
fn collapse_slashes(target: &str) -> String {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let mut clean = String::with_capacity(target.len() + 1);
    clean.push('/');
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if !clean.ends_with('/') {
            clean.push('/');
        }
        clean.push_str(segment);
    }
    if path.len() > 1 && path.ends_with('/') && !clean.ends_with('/') {
        clean.push('/');
    }
    if let Some(query) = query {
        clean.push('?');
        clean.push_str(query);
    }
    clean
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    const STRIPE: &str = "idcs-0123456789abcdef0123456789abcdef";

    fn call(host: &str, target: &str) -> Result<Request, TurnedAway> {
        Front::loopback().admit(Request::builder().uri(target).header("host", host).body(Body::empty()).unwrap())
    }

    fn stripe(request: &Request) -> Option<String> {
        match request.extensions().get::<StripeLocator>().unwrap() {
            StripeLocator::Named(name) => Some(name.clone()),
            StripeLocator::Only => None,
        }
    }

    #[test]
    fn our_own_names_are_let_in() {
        for host in ["127.0.0.1:4620", "localhost", "LOCALHOST:1", "[::1]:4620"] {
            assert_eq!(stripe(&call(host, "/x").unwrap()), None, "{host}");
        }
    }

    #[test]
    fn a_named_server_is_called_by_its_name_and_its_stripes_by_theirs() {
        let front = Front::named("https", "Identity.example.com");
        let call =
            |host: &str| front.admit(Request::builder().uri("/x").header("host", host).body(Body::empty()).unwrap());
        assert_eq!(stripe(&call("identity.example.com").unwrap()), None);
        let request = call(&format!("{STRIPE}.identity.example.com:443")).unwrap();
        assert_eq!(stripe(&request).as_deref(), Some(STRIPE));
        let base = &request.extensions().get::<PublicBase>().unwrap().0;
        assert_eq!(*base, format!("https://{STRIPE}.identity.example.com:443"));
        for host in ["example.com", "x.identity.example.com", "evilidentity.example.com", "identity.example.com.evil"] {
            assert_eq!(call(host).unwrap_err(), TurnedAway::NotOurName, "{host}");
        }
    }

    #[test]
    fn a_name_that_is_not_ours_is_turned_away() {
        for host in
            ["evil.example", "127.0.0.1.evil.example", "x.localhost", "localhost.evil.example:4620", "0.0.0.0", "[::1"]
        {
            assert_eq!(call(host, "/").unwrap_err(), TurnedAway::NotOurName, "{host}");
        }
        for host in ["", "a b", "user@127.0.0.1"] {
            assert_eq!(call(host, "/").unwrap_err(), TurnedAway::NoHost, "{host}");
        }
    }

    #[test]
    fn two_host_headers_are_refused() {
        let request = Request::builder().uri("/").header("host", "localhost").header("host", "evil.example");
        assert_eq!(Front::loopback().admit(request.body(Body::empty()).unwrap()).unwrap_err(), TurnedAway::NoHost);
    }

    #[test]
    fn a_stripe_is_found_by_host_and_by_path() {
        let request = call(&format!("{STRIPE}.localhost:4620"), "/oauth2/v1/token").unwrap();
        assert_eq!(stripe(&request).as_deref(), Some(STRIPE));
        assert_eq!(request.extensions().get::<PublicBase>().unwrap().0, format!("http://{STRIPE}.localhost:4620"));

        let request = call("127.0.0.1:4620", &format!("/{STRIPE}/oauth2/v1/token?a=%2F")).unwrap();
        assert_eq!(stripe(&request).as_deref(), Some(STRIPE));
        assert_eq!(request.uri(), "/oauth2/v1/token?a=%2F");
        assert_eq!(request.extensions().get::<PublicBase>().unwrap().0, format!("http://127.0.0.1:4620/{STRIPE}"));
        assert_eq!(request.extensions().get::<RawTarget>().unwrap().0, format!("/{STRIPE}/oauth2/v1/token?a=%2F"));
    }

    #[test]
    fn host_and_path_must_not_name_two_stripes() {
        let other = "idcs-00000000000000000000000000000000.localhost";
        assert_eq!(call(other, &format!("/{STRIPE}/oauth2/v1/token")).unwrap_err(), TurnedAway::TwoStripes);
        call(&format!("{STRIPE}.localhost"), &format!("/{STRIPE}/oauth2/v1/token")).unwrap();
    }

    #[test]
    fn a_path_that_only_resembles_a_stripe_is_left_alone() {
        for target in
            ["/idcs-0123/x", "/IDCS-0123456789abcdef0123456789abcdef/x", "/idcs-0123456789abcdef0123456789ABCDEF"]
        {
            let request = call("localhost", target).unwrap();
            assert_eq!((stripe(&request), request.uri().to_string()), (None, target.to_owned()));
        }
    }

    #[test]
    fn double_slashes_are_collapsed_for_routing_and_kept_for_the_signature() {
        for (raw, clean) in [
            ("//20190331//analyticsInstances?name=a//b", "/20190331/analyticsInstances?name=a//b"),
            ("/20190331/", "/20190331/"),
            ("//", "/"),
        ] {
            let request = call("127.0.0.1:4620", raw).unwrap();
            assert_eq!(request.uri().to_string(), clean);
            let kept = request.extensions().get::<RawTarget>().map_or(clean, |raw| &raw.0);
            assert_eq!(kept, raw);
        }
    }
}
