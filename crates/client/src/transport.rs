//! One HTTP exchange: request out, whole answer in. Never follows a redirect, as a signature holds for one address.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use http::{HeaderMap, Method, StatusCode};
use ureq::{
    Agent,
    config::Config,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem},
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

use crate::endpoint::{Endpoint, is_local_name};

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: u64 = 16 * 1024 * 1024;

/// How an endpoint is reached.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// PEM certificates to trust instead of the public ones.
    pub ca_pem: Option<Vec<u8>>,
    /// How long a connection may take; 10 seconds when absent (contract analytics 6.2).
    pub connect_timeout: Option<Duration>,
    /// How long the whole answer may take; 60 seconds when absent (contract analytics 6.2).
    pub read_timeout: Option<Duration>,
}

/// Reaches one endpoint over connections that are kept.
#[derive(Debug, Clone)]
pub struct Transport {
    agent: Agent,
}

/// An answer of any status. Its body may be a token, so `Debug` prints no more than the status.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Answer {
    /// A header's value, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The CA file holds no certificate.
    #[error("the CA file holds no PEM certificate")]
    NoCertificate,
    /// The host has no address.
    #[error("the host {0} has no address")]
    HostUnknown(String),
    /// Nobody listens there.
    #[error("no connection to {0}")]
    Refused(String, #[source] Option<std::io::Error>),
    /// It took too long.
    #[error("no answer from {0} in time")]
    TimedOut(String),
    /// TLS said no: an unknown authority, another host's certificate.
    #[error("no secure connection to {0}")]
    Tls(String, #[source] Box<ureq::Error>),
    /// The connection broke, or what came over it is not HTTP.
    #[error("the exchange with {0} failed")]
    Broken(String, #[source] Box<ureq::Error>),
}

impl TransportError {
    /// Whether the same request may fare better a moment later. A refused connection may too, but whoever forgot to
    /// start the server should not wait to hear of it.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::TimedOut(_) | Self::Broken(..) => true,
            Self::NoCertificate | Self::HostUnknown(_) | Self::Refused(..) | Self::Tls(..) => false,
        }
    }
}

impl Transport {
    /// Prepares to reach an endpoint. Does not connect yet.
    pub fn new(endpoint: &Endpoint, options: &Options) -> Result<Self, TransportError> {
        let mut tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
        if let Some(pem) = &options.ca_pem {
            tls = tls.root_certs(RootCerts::new_with_certs(&certificates(pem)?));
        }
        let mut config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("obol/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .timeout_connect(Some(options.connect_timeout.unwrap_or(Duration::from_secs(10))))
            .timeout_recv_response(Some(options.read_timeout.unwrap_or(Duration::from_mins(1))))
            .timeout_recv_body(Some(options.read_timeout.unwrap_or(Duration::from_mins(1))))
            .tls_config(tls.build());
        if endpoint.is_loopback() {
            // A proxy of the environment cannot reach this machine's loopback.
            config = config.proxy(None);
        }
        Ok(Self { agent: Agent::with_parts(config.build(), DefaultConnector::default(), LocalNames::default()) })
    }

    /// Sends a request and reads the whole answer.
    pub fn send(&self, method: &Method, url: &str, headers: HeaderMap, body: &[u8]) -> Result<Answer, TransportError> {
        let mut request = http::Request::new(body);
        *request.method_mut() = method.clone();
        *request.uri_mut() = url.parse().map_err(|error: http::uri::InvalidUri| {
            TransportError::Broken(url.to_owned(), Box::new(ureq::Error::Http(error.into())))
        })?;
        *request.headers_mut() = headers;
        let host = request.uri().authority().map_or_else(String::new, ToString::to_string);
        let has_body = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
        let outcome = if has_body { self.agent.run(request) } else { self.agent.run(request.map(|_| ())) };
        let mut answer = outcome.map_err(|error| classify(host.clone(), error))?;
        let body = answer
            .body_mut()
            .with_config()
            .limit(LONGEST_ANSWER)
            .read_to_vec()
            .map_err(|error| classify(host, error))?;
        Ok(Answer { status: answer.status(), headers: std::mem::take(answer.headers_mut()), body })
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, TransportError> {
    let found: Vec<Certificate<'static>> = parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() { Err(TransportError::NoCertificate) } else { Ok(found) }
}

fn classify(host: String, error: ureq::Error) -> TransportError {
    use std::io::ErrorKind;
    match error {
        ureq::Error::HostNotFound => TransportError::HostUnknown(host),
        ureq::Error::ConnectionFailed => TransportError::Refused(host, None),
        ureq::Error::Timeout(_) => TransportError::TimedOut(host),
        ureq::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
                TransportError::Refused(host, Some(error))
            }
            ErrorKind::TimedOut => TransportError::TimedOut(host),
            // rustls reports a bad certificate as invalid data inside an I/O error.
            ErrorKind::InvalidData => TransportError::Tls(host, Box::new(ureq::Error::Io(error))),
            _ if error.to_string().contains("lookup address") => TransportError::HostUnknown(host),
            _ => TransportError::Broken(host, Box::new(ureq::Error::Io(error))),
        },
        error @ (ureq::Error::Tls(_) | ureq::Error::Rustls(_)) => TransportError::Tls(host, Box::new(error)),
        error => TransportError::Broken(host, Box::new(error)),
    }
}

/// Knows `localhost` and every name below it as this machine (RFC 6761 section 6.3), which not every resolver does;
/// leaves all other names to the system.
#[derive(Debug, Default)]
struct LocalNames(DefaultResolver);

impl Resolver for LocalNames {
    fn resolve(
        &self,
        uri: &http::Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        if uri.host().is_some_and(is_local_name) {
            let https = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
            let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
            let mut addresses = self.empty();
            addresses.push(SocketAddr::from(([127, 0, 0, 1], port)));
            return Ok(addresses);
        }
        self.0.resolve(uri, config, timeout)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
    };

    use super::*;

    /// A server with a certificate of its own for `localhost`, which answers one request; gives its port and the
    /// certificate as PEM.
    fn tls_server() -> (u16, String) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![made.cert.der().clone()], key)
                .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
            let mut stream = rustls::Stream::new(&mut connection, &mut stream);
            let mut seen = Vec::new();
            let mut byte = [0];
            // A client that does not trust the certificate ends the connection here.
            while !seen.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                seen.extend(byte);
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
        });
        (port, made.cert.pem())
    }

    fn get(url: &str, ca_pem: Option<&str>) -> Result<Answer, TransportError> {
        let endpoint = Endpoint::parse(url).unwrap();
        let options = Options { ca_pem: ca_pem.map(|pem| pem.as_bytes().to_vec()), ..Options::default() };
        Transport::new(&endpoint, &options)?.send(&Method::GET, &endpoint.url("/"), HeaderMap::new(), b"")
    }

    #[test]
    fn a_certificate_is_trusted_when_its_authority_was_given() {
        let (port, pem) = tls_server();
        assert_eq!(get(&format!("https://localhost:{port}"), Some(&pem)).unwrap().body, b"ok");
    }

    #[test]
    fn an_unknown_authority_and_another_name_are_refused() {
        let (port, _) = tls_server();
        let error = get(&format!("https://localhost:{port}"), None).unwrap_err();
        assert!(matches!(error, TransportError::Tls(..)), "{error:?}");
        let (port, pem) = tls_server();
        let error = get(&format!("https://idcs-1.localhost:{port}"), Some(&pem)).unwrap_err();
        assert!(matches!(error, TransportError::Tls(..)), "{error:?}");
    }

    #[test]
    fn a_ca_file_without_a_certificate_is_told() {
        assert!(matches!(get("https://localhost:1", Some("no PEM")), Err(TransportError::NoCertificate)));
    }

    #[test]
    fn a_redirect_is_an_answer() {
        let recorder = crate::recorder::Recorder::new(vec![(302, "location: http://127.0.0.1:1/\r\n", "")]);
        assert_eq!(get(&recorder.url(), None).unwrap().status, StatusCode::FOUND);
    }

    #[test]
    fn bodies_and_headers_are_not_printed() {
        let recorder = crate::recorder::Recorder::new(vec![(200, "set-cookie: canary\r\n", "canary")]);
        let answer = get(&recorder.url(), None).unwrap();
        assert_eq!(format!("{answer:?}"), "Answer { status: 200, .. }");
    }

    #[test]
    fn a_refused_connection_is_told_from_a_broken_one() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let error = get(&format!("http://127.0.0.1:{port}"), None).unwrap_err();
        assert!(matches!(error, TransportError::Refused(..)) && !error.may_pass(), "{error:?}");
    }
}
