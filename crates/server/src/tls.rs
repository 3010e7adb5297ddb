//! TLS where it ends here: one certificate chain and its key, TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN.

use std::{path::Path, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

pub use tokio_rustls::TlsAcceptor;

/// Why TLS cannot be served. Nothing of the key is in it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate file holds no certificate that can be read.
    #[error("{0} has no certificate in PEM that can be read")]
    Certificate(String),
    /// The key file holds no private key that can be read.
    #[error("{0} has no unencrypted private key in PEM that can be read")]
    Key(String),
    /// The two do not belong together, or the key is of a kind that TLS does not take.
    #[error("certificate and private key cannot be used together: {0}")]
    Pair(rustls::Error),
}

/// Reads the chain, the server's own certificate first, and its private key.
///
/// # Errors
///
/// [`TlsError`]
pub fn acceptor(certificates: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let unreadable = || TlsError::Certificate(certificates.display().to_string());
    let chain = CertificateDer::pem_file_iter(certificates).map_err(|_| unreadable())?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(|_| unreadable())?;
    if chain.is_empty() {
        return Err(unreadable());
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|_| TlsError::Key(key.display().to_string()))?;
    let versions = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Pair)?;
    let mut config = versions.with_no_client_auth().with_single_cert(chain, key).map_err(TlsError::Pair)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
