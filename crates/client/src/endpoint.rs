//! Where a service is: scheme, host with port, and a path in front of everything.

use std::fmt;

use http::Uri;
use obol_protocol::hex;

/// A service's base URL. A path prefix is kept, a trailing slash is not: it would make the double slash that costs
/// users of other clients a 404 (contract analytics 8, row 14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    scheme: String,
    host: String,
    prefix: String,
}

/// The text is not the URL of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEndpoint {
    /// Neither `http://` nor `https://`.
    #[error("a URL begins with http:// or https://")]
    Scheme,
    /// No host, a user name, a query, or something that is no URL at all.
    #[error("not a URL of the form https://host[:port][/path]")]
    Form,
}

impl Endpoint {
    /// Reads a URL.
    pub fn parse(text: &str) -> Result<Self, InvalidEndpoint> {
        let text = text.trim();
        let scheme = match text.split_once("://") {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => "http",
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => "https",
            _ => return Err(InvalidEndpoint::Scheme),
        };
        let uri: Uri = text.parse().map_err(|_| InvalidEndpoint::Form)?;
        let authority = uri.authority().ok_or(InvalidEndpoint::Form)?;
        if authority.as_str().contains('@') || authority.host().is_empty() || uri.query().is_some() {
            return Err(InvalidEndpoint::Form);
        }
        Ok(Self {
            scheme: scheme.to_owned(),
            host: host_header(scheme, authority),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The Analytics endpoint of a region of Oracle's commercial realm (contract analytics 1).
    pub fn analytics_in(region: &str) -> Result<Self, InvalidEndpoint> {
        if region.is_empty() || !region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(InvalidEndpoint::Form);
        }
        Self::parse(&format!("https://analytics.{region}.ocp.oraclecloud.com"))
    }

    /// The value of the `Host` header: the port is there when it is not the scheme's own (contract analytics 4.7).
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Path and query as they go on the request line.
    pub fn target(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.prefix)
    }

    /// The whole URL.
    pub fn url(&self, path_and_query: &str) -> String {
        format!("{self}{path_and_query}")
    }

    /// Whether the host is this machine, by name or by address.
    pub fn is_loopback(&self) -> bool {
        let name = self.host.rsplit_once(':').map_or(self.host.as_str(), |(name, port)| {
            if port.bytes().all(|b| b.is_ascii_digit()) { name } else { &self.host }
        });
        is_local_name(name)
            || name
                .trim_start_matches('[')
                .trim_end_matches(']')
                .parse()
                .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
    }
}

/// Whether a name is `localhost` or below it, which is always this machine (RFC 6761 section 6.3).
pub(crate) fn is_local_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

fn host_header(scheme: &str, authority: &http::uri::Authority) -> String {
    match (scheme, authority.port_u16()) {
        ("https", Some(443)) | ("http", Some(80)) | (_, None) => authority.host().to_ascii_lowercase(),
        (_, Some(port)) => format!("{}:{port}", authority.host().to_ascii_lowercase()),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.host, self.prefix)
    }
}

/// Encodes a part of a path or query: all but RFC 3986's unreserved characters.
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode(&[byte]).to_ascii_uppercase());
        }
    }
    encoded
}

/// Joins a path and the parameters that have a value.
pub fn with_query<'a>(path: &str, parameters: impl IntoIterator<Item = (&'a str, Option<String>)>) -> String {
    let mut target = path.to_owned();
    let mut separator = '?';
    for (name, value) in parameters {
        if let Some(value) = value {
            target.push(separator);
            target.push_str(name);
            target.push('=');
            target.push_str(&percent_encode(&value));
            separator = '&';
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_keeps_its_prefix_and_loses_its_slash() {
        let endpoint = Endpoint::parse("http://127.0.0.1:4620/idcs-1/").unwrap();
        assert_eq!(endpoint.url("/oauth2/v1/token"), "http://127.0.0.1:4620/idcs-1/oauth2/v1/token");
        assert_eq!(endpoint.target("/x"), "/idcs-1/x");
        assert_eq!(endpoint.host(), "127.0.0.1:4620");
    }

    #[test]
    fn the_schemes_own_port_is_not_in_the_host() {
        // Contract analytics 4.7; contract identity 1: the domain URL of the console carries :443.
        assert_eq!(Endpoint::parse("https://IDCS-1.example.com:443").unwrap().host(), "idcs-1.example.com");
        assert_eq!(Endpoint::parse("HTTP://h:443").unwrap().host(), "h:443");
        assert_eq!(Endpoint::parse("http://[::1]:80").unwrap().host(), "[::1]");
    }

    #[test]
    fn a_region_has_its_endpoint() {
        // Contract analytics 1.
        let endpoint = Endpoint::analytics_in("us-ashburn-1").unwrap();
        assert_eq!(endpoint.to_string(), "https://analytics.us-ashburn-1.ocp.oraclecloud.com");
        assert!(Endpoint::analytics_in("a.b/").is_err());
        assert!(Endpoint::analytics_in("").is_err());
    }

    #[test]
    fn what_is_no_service_url_is_refused() {
        assert_eq!(Endpoint::parse("127.0.0.1:4620"), Err(InvalidEndpoint::Scheme));
        assert_eq!(Endpoint::parse("ftp://h"), Err(InvalidEndpoint::Scheme));
        for bad in ["http://", "http://user@h", "http://h?x=y", "http://h h"] {
            assert_eq!(Endpoint::parse(bad), Err(InvalidEndpoint::Form), "{bad}");
        }
    }

    #[test]
    fn loopback_is_known_by_name_and_address() {
        for url in ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost", "http://idcs-1.LOCALHOST:4620"] {
            assert!(Endpoint::parse(url).unwrap().is_loopback(), "{url}");
        }
        for url in ["http://10.0.0.1", "http://localhost.example.com", "https://example.com:443"] {
            assert!(!Endpoint::parse(url).unwrap().is_loopback(), "{url}");
        }
    }

    #[test]
    fn a_query_is_encoded() {
        let target = with_query("/x", [("a", Some("é +/".to_owned())), ("b", None), ("c", Some("d".to_owned()))]);
        assert_eq!(target, "/x?a=%C3%A9%20%2B%2F&c=d");
    }
}
