//! The accept loop: HTTP/1 and HTTP/2 on one port, with the bounds that keep one caller from taking it all.

use std::{future::Future, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tower::ServiceExt as _;

use crate::{front, telemetry};

/// Connections served at once; more wait in the kernel's queue.
const CONNECTIONS: usize = 4096;
/// How long a client may take to send a request's head.
const HEAD: Duration = Duration::from_secs(10);
/// How long a request may take from its head to its answer, body included.
const REQUEST: Duration = Duration::from_mins(1);
/// How long requests under way are waited for at shutdown.
const GRACE: Duration = Duration::from_millis(800);

/// Serves until `shutdown` resolves, then lets the requests under way end, within 800 ms.
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
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
        let stream = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = &mut shutdown => break,
        };
        let router = router.clone();
        let service = service_fn(move |request| answer(router.clone(), request));
        let connection = server.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            // A connection that breaks is its client's affair.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
    drop(listener);
    if timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way at shutdown");
    }
}

/// The next connection. A failure to accept one (too many open files) is logged and waited out.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _peer)) => {
                // Small answers should leave at once; a socket that refuses the option still works.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn answer(
    router: Router,
    request: hyper::Request<hyper::body::Incoming>,
) -> Result<Response, std::convert::Infallible> {
    let request: Request = request.map(Body::new);
    let log = telemetry::RequestLog::begin(&request);
    let response = match front::admit(request) {
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
