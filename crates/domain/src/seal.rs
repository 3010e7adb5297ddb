//! The master key: what is encrypted at rest is sealed under it, and high-entropy secrets are kept as keyed hashes.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf, hmac,
};

use crate::Entropy;

/// 256 bits from a file or the environment, of which two keys are derived (RFC 5869): one encrypts, one hashes.
#[derive(Clone)]
pub struct MasterKey {
    encryption: std::sync::Arc<LessSafeKey>,
    hashing: hmac::Key,
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(***)")
    }
}

/// The sealed bytes were made under another key, for another purpose, or were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed under another master key, or damaged")]
pub struct Unsealable;

impl MasterKey {
    /// The length of the key material, in bytes.
    pub const LENGTH: usize = 32;

    /// Derives the working keys.
    ///
    /// # Errors
    ///
    /// When the cryptographic library refuses the key material, which 32 bytes never are.
    pub fn new(material: &[u8; Self::LENGTH]) -> Result<Self, Unsealable> {
        let master = hkdf::Salt::new(hkdf::HKDF_SHA256, b"obol master key v1").extract(material);
        let encryption = derive(&master, b"seal")?;
        let hashing = derive(&master, b"hash")?;
        let unbound = UnboundKey::new(&AES_256_GCM, &encryption).map_err(|_| Unsealable)?;
        Ok(Self {
            encryption: std::sync::Arc::new(LessSafeKey::new(unbound)),
            hashing: hmac::Key::new(hmac::HMAC_SHA256, &hashing),
        })
    }

    /// Encrypts `plain` for `purpose` (AES-256-GCM, a random nonce in front). The same purpose must be given to open it.
    ///
    /// # Errors
    ///
    /// When the plain text is longer than the cipher takes (64 GiB).
    pub fn seal(&self, entropy: &dyn Entropy, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let nonce = entropy.bytes::<NONCE_LEN>();
        let mut body = plain.to_vec();
        self.encryption
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose.as_bytes()), &mut body)
            .map_err(|_| Unsealable)?;
        let mut sealed = nonce.to_vec();
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Decrypts what [`MasterKey::seal`] made for the same purpose.
    ///
    /// # Errors
    ///
    /// [`Unsealable`] when key, purpose or bytes differ.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, Unsealable> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(Unsealable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unsealable)?;
        let mut body = zeroize::Zeroizing::new(body.to_vec());
        let length = self
            .encryption
            .open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut body)
            .map_err(|_| Unsealable)?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// Hashes what must be recognised and not be read (HMAC-SHA-256 under the derived key). What is kept in a database
    /// is a hash of at least 100 random bits; a secret that its owner chose is kept with Argon2id, and its keyed hash in
    /// memory only, to know it again. Form tokens and versions of resources are keyed hashes too. Each use has a purpose
    /// of its own. Compare in constant time with [`MasterKey::hash_matches`].
    pub fn keyed_hash(&self, purpose: &str, secret: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.hashing);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        context.update(secret);
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        hash
    }

    /// Whether `secret` is the one that `hash` was made of; takes the same time either way.
    pub fn hash_matches(&self, purpose: &str, secret: &[u8], hash: &[u8]) -> bool {
        use subtle::ConstantTimeEq;
        self.keyed_hash(purpose, secret).ct_eq(hash).into()
    }
}

fn derive(master: &hkdf::Prk, purpose: &[u8]) -> Result<[u8; MasterKey::LENGTH], Unsealable> {
    let mut key = [0; MasterKey::LENGTH];
    master.expand(&[purpose], hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut key)).map_err(|_| Unsealable)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zero;
    impl Entropy for Zero {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0);
        }
    }

    #[test]
    fn sealed_bytes_open_under_the_same_key_and_purpose_only() {
        let key = MasterKey::new(&[7; 32]).unwrap();
        let sealed = key.seal(&Zero, "signing key", b"canary").unwrap();
        assert_eq!(key.open("signing key", &sealed).unwrap().as_slice(), b"canary");
        assert_eq!(key.open("another", &sealed).unwrap_err(), Unsealable);
        assert_eq!(MasterKey::new(&[8; 32]).unwrap().open("signing key", &sealed).unwrap_err(), Unsealable);
        assert!(!sealed.windows(6).any(|window| window == b"canary"));
    }

    #[test]
    fn damaged_bytes_do_not_open() {
        let key = MasterKey::new(&[7; 32]).unwrap();
        let mut sealed = key.seal(&Zero, "p", b"canary").unwrap();
        sealed[NONCE_LEN] ^= 1;
        assert_eq!(key.open("p", &sealed).unwrap_err(), Unsealable);
        assert_eq!(key.open("p", &sealed[..5]).unwrap_err(), Unsealable);
    }

    #[test]
    fn keyed_hash_depends_on_key_purpose_and_secret() {
        let key = MasterKey::new(&[7; 32]).unwrap();
        let hash = key.keyed_hash("client", b"secret");
        assert!(key.hash_matches("client", b"secret", &hash));
        assert!(!key.hash_matches("client", b"secreT", &hash));
        assert!(!key.hash_matches("session", b"secret", &hash));
        assert!(!MasterKey::new(&[8; 32]).unwrap().hash_matches("client", b"secret", &hash));
    }
}
