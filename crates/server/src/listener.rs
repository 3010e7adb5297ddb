//! The accept loop: HTTP/1 and HTTP/2 on one port, with the bounds that keep one caller from taking it all.

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
};
use obol_identity::http::Peer;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tower::ServiceExt as _;

use crate::{front::Front, telemetry, tls::TlsAcceptor};

/// Connections served at once; more wait in the kernel's queue.
const CONNECTIONS: usize = 4096;
/// How long a client may take to send a request's head, the first one's included.
const HEAD: Duration = Duration::from_secs(10);
/// How long a request may take from its head to its answer, body included.
const REQUEST: Duration = Duration::from_mins(1);
/// How long requests under way are waited for at shutdown.
const GRACE: Duration = Duration::from_millis(600);
/// How long is waited after a connection could not be accepted, for want of file descriptors perhaps.
const RESPITE: Duration = Duration::from_millis(100);

/// Where requests come in.
pub struct Door {
    /// The bound address.
    pub listener: TcpListener,
    /// By which names.
    pub front: Front,
    /// Present where TLS ends here.
    pub tls: Option<TlsAcceptor>,
}

/// Serves until `shutdown` resolves, then lets the requests under way end, within 600 ms.
pub async fn serve(door: Door, router: Router, shutdown: impl Future<Output = ()>) {
    let Door { listener, front, tls } = door;
    let front = Arc::new(front);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    server.http2().timer(TokioTimer::new()).keep_alive_interval(Some(HEAD));
    let mut shutdown = pin!(shutdown);
    loop {
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place,
            () = &mut shutdown => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = &mut shutdown => break,
        };
        let caller = Caller { router: router.clone(), front: front.clone(), peer };
        let (server, watcher, tls) = (server.clone(), graceful.watcher(), tls.clone());
        tokio::spawn(async move {
            let _place = place;
            match tls {
                None => converse(&server, watcher, stream, caller).await,
                Some(acceptor) => match timeout(HEAD, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => converse(&server, watcher, stream, caller).await,
                    // A client that does not trust the certificate, or speaks something else, is told so by TLS.
                    Ok(Err(error)) => tracing::debug!(%error, "no TLS handshake"),
                    Err(_elapsed) => {}
                },
            }
        });
    }
    drop(listener);
    if timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way at shutdown");
    }
}

/// Whoever is at the other end of a connection, and what answers them.
#[derive(Clone)]
struct Caller {
    router: Router,
    front: Arc<Front>,
    peer: IpAddr,
}

/// Answers on a connection until its end.
async fn converse<S>(server: &auto::Builder<TokioExecutor>, watcher: Watcher, stream: S, caller: Caller)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let asked = Arc::new(AtomicBool::new(false));
    let asking = asked.clone();
    let service = service_fn(move |request| {
        asking.store(true, Ordering::Relaxed);
        answer(caller.clone(), request)
    });
    let connection = server.serve_connection(TokioIo::new(stream), service).into_owned();
    let mut connection = pin!(watcher.watch(connection));
    let ended = match timeout(HEAD, &mut connection).await {
        Ok(ended) => ended,
        // It has said nothing, or not enough to tell the protocol, for which the server has no time limit.
        Err(_elapsed) if !asked.load(Ordering::Relaxed) => return,
        Err(_elapsed) => connection.await,
    };
    // A connection that breaks is its client's affair.
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

/// The next connection. A failure to accept one (too many open files) is logged and waited out.
async fn accept(listener: &TcpListener) -> (TcpStream, IpAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Small answers should leave at once; a socket that refuses the option still works.
                let _ = stream.set_nodelay(true);
                return (stream, peer.ip());
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                #[expect(clippy::disallowed_methods, reason = "the shortage is the machine's, and passes in its time")]
                tokio::time::sleep(RESPITE).await;
            }
        }
    }
}

async fn answer(
    caller: Caller,
    request: hyper::Request<hyper::body::Incoming>,
) -> Result<Response, std::convert::Infallible> {
    let Caller { router, front, peer } = caller;
    let mut request: Request = request.map(Body::new);
    request.extensions_mut().insert(Peer(peer));
    let log = telemetry::RequestLog::begin(&request);
    let response = match front.admit(request) {
        Ok(request) => match timeout(REQUEST, router.oneshot(request)).await {
            Ok(Ok(response)) => response,
            Err(_elapsed) => telemetry::timed_out(),
        },
        Err(turned_away) => turned_away.into_response(),
    };
    log.end(&response);
    Ok(response)
}

/// Binds the address, or says in one line what stands in the way and what to do.
///
/// # Errors
///
/// [`BindError`]
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| BindError { address, kind: source.kind() })
}

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", self.reason())]
pub struct BindError {
    address: SocketAddr,
    kind: std::io::ErrorKind,
}

impl BindError {
    fn reason(&self) -> String {
        match self.kind {
            std::io::ErrorKind::AddrInUse => "the port is taken".to_owned(),
            std::io::ErrorKind::PermissionDenied => "this user may not use the port".to_owned(),
            std::io::ErrorKind::AddrNotAvailable => "the address is not one of this machine's".to_owned(),
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn listening() -> (SocketAddr, tokio::task::JoinHandle<()>) {
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", axum::routing::get(async || "here"));
        (
            address,
            tokio::spawn(serve(Door { listener, front: Front::loopback(), tls: None }, router, std::future::pending())),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_never_asks_is_closed() {
        let (address, _server) = listening().await;
        for said in [&b""[..], b"PRI * HT", b"GET / HTTP/1.1\r\nhost:"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(said).await.unwrap();
            let mut answer = Vec::new();
            timeout(2 * HEAD, stream.read_to_end(&mut answer)).await.expect("the connection ends").unwrap();
            assert!(!answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        }
    }

    #[tokio::test]
    async fn one_connection_is_answered_again_and_again() {
        let (address, _server) = listening().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        for _ in 0..3 {
            stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
            let mut answer = [0; 1024];
            let read = stream.read(&mut answer).await.unwrap();
            assert!(answer[..read].ends_with(b"here"));
        }
    }
}
