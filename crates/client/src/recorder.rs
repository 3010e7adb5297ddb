//! A server for tests that answers what it was told to, in order, and keeps what it was sent.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::KeySize,
    signature::RsaKeyPair,
};
use obol_protocol::{
    Timestamp,
    oci::signature::{PrivateKey, PublicKey, Signer},
};

use crate::{Endpoint, OciClient, Outside, Transport, transport::Options};

/// Stands on a free port until it is dropped and its answers are given.
pub(crate) struct Recorder {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    /// Starts; each answer is a status, header lines ending in CRLF, and a body.
    pub(crate) fn new<B: Into<String> + Send + 'static>(answers: Vec<(u16, &'static str, B)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        std::thread::spawn(move || {
            for (status, headers, body) in answers {
                let (stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream);
                let mut text = String::new();
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    let end = line == "\r\n" || line.is_empty();
                    text.push_str(&line);
                    if end {
                        break;
                    }
                }
                let mut sent = vec![0; length];
                reader.read_exact(&mut sent).unwrap();
                text.push_str(&String::from_utf8_lossy(&sent));
                kept.lock().unwrap().push(text);
                let body = body.into();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
                    body.len()
                );
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { port, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// A clock that moves only when somebody waits by it.
#[derive(Debug, Default)]
pub(crate) struct Moved(AtomicI64);

/// Where a moved clock begins.
pub(crate) const BEGINNING: Timestamp = Timestamp::from_seconds(1_795_386_589);

impl Outside for Moved {
    fn now(&self) -> Timestamp {
        BEGINNING.plus(Duration::from_micros(u64::try_from(self.0.load(Ordering::SeqCst)).unwrap()))
    }

    fn pause(&self, duration: Duration) {
        self.0.fetch_add(i64::try_from(duration.as_micros()).unwrap(), Ordering::SeqCst);
    }

    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0xab);
    }
}

static PKCS8: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    der.as_ref().to_vec()
});

/// The public half of what the clients of recorders sign with.
pub(crate) fn public_key() -> PublicKey {
    PrivateKey::from_pkcs8(&PKCS8).unwrap().public_key().unwrap()
}

/// A client of the recorder.
pub(crate) fn client(recorder: &Recorder, outside: Moved) -> OciClient {
    let key = PrivateKey::from_pkcs8(&PKCS8).unwrap();
    let signer = Signer::api_key("ocid1.tenancy.oc1..a", "ocid1.user.oc1..b", &public_key().fingerprint(), key);
    let endpoint = Endpoint::parse(&recorder.url()).unwrap();
    let transport = Transport::new(&endpoint, &Options::default()).unwrap();
    OciClient::new(transport, endpoint, signer, Arc::new(outside))
}
