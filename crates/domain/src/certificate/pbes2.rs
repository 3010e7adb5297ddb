//! Opens a private key that is encrypted with a passphrase: `EncryptedPrivateKeyInfo` (RFC 5958 section 3) under PBES2
//! (RFC 8018 section 6.2), with PBKDF2 and AES in CBC mode. That is what OpenSSL writes. Older and rarer ways (PBES1, Triple
//! DES, scrypt) are told apart from a wrong passphrase, and refused.

use std::num::NonZeroU32;

use aws_lc_rs::{
    cipher::{AES_128, AES_192, AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey},
    iv::FixedLength,
    pbkdf2::{self, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA384, PBKDF2_HMAC_SHA512},
};
use obol_protocol::jose::der::element;
use zeroize::Zeroizing;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;

const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
const HMAC_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x07];
const HMAC_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09];
const HMAC_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x0a];
const HMAC_SHA512: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x0b];
const AES_128_CBC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x02];
const AES_192_CBC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x16];
const AES_256_CBC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a];

/// The most rounds of PBKDF2: about half a second of a core. The file says how many, and a file may lie.
pub(super) const MOST_ROUNDS: u32 = 1_000_000;
/// The longest derived key, in bytes.
const LONGEST_KEY: usize = 32;

/// Why a key was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// It is no such structure.
    Malformed,
    /// It is encrypted in another way.
    Unsupported,
    /// It wants more rounds than it gets.
    TooManyRounds,
    /// The passphrase is another.
    WrongPassphrase,
}

/// How a key is encrypted.
struct Scheme<'a> {
    prf: pbkdf2::Algorithm,
    salt: &'a [u8],
    rounds: NonZeroU32,
    cipher: &'static aws_lc_rs::cipher::Algorithm,
    key_length: usize,
    iv: &'a [u8],
}

/// Decrypts a key into the PKCS #8 that was encrypted.
pub(super) fn open(der: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, Closed> {
    let (info, rest) = element(der, SEQUENCE).ok_or(Closed::Malformed)?;
    let (algorithm, info) = element(info, SEQUENCE).ok_or(Closed::Malformed)?;
    let (encrypted, info) = element(info, OCTETS).ok_or(Closed::Malformed)?;
    if !rest.is_empty() || !info.is_empty() {
        return Err(Closed::Malformed);
    }
    let scheme = scheme(algorithm)?;
    let mut key = Zeroizing::new([0; LONGEST_KEY]);
    let key = key.get_mut(..scheme.key_length).ok_or(Closed::Unsupported)?;
    pbkdf2::derive(scheme.prf, scheme.rounds, scheme.salt, passphrase.as_bytes(), key);
    let key = UnboundCipherKey::new(scheme.cipher, key).map_err(|_| Closed::Unsupported)?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(|_| Closed::Unsupported)?;
    let iv = FixedLength::try_from(scheme.iv).map_err(|_| Closed::Malformed)?;
    let mut plain = Zeroizing::new(encrypted.to_vec());
    let decrypted = key.decrypt(&mut plain, DecryptionContext::Iv128(iv)).map_err(|_| Closed::WrongPassphrase)?;
    let length = decrypted.len();
    plain.truncate(length);
    // One wrong passphrase in 256 leaves padding that fits by chance; what it hides is no key.
    match element(&plain, SEQUENCE) {
        Some((_, [])) => Ok(plain),
        Some(_) | None => Err(Closed::WrongPassphrase),
    }
}

fn scheme(algorithm: &[u8]) -> Result<Scheme<'_>, Closed> {
    let (id, parameters) = element(algorithm, OBJECT_ID).ok_or(Closed::Malformed)?;
    if id != PBES2 {
        return Err(Closed::Unsupported);
    }
    let (parameters, _) = element(parameters, SEQUENCE).ok_or(Closed::Malformed)?;
    let (derivation, parameters) = element(parameters, SEQUENCE).ok_or(Closed::Malformed)?;
    let (encryption, _) = element(parameters, SEQUENCE).ok_or(Closed::Malformed)?;

    let (id, derivation) = element(derivation, OBJECT_ID).ok_or(Closed::Malformed)?;
    if id != PBKDF2 {
        return Err(Closed::Unsupported);
    }
    let (derivation, _) = element(derivation, SEQUENCE).ok_or(Closed::Malformed)?;
    let (salt, derivation) = element(derivation, OCTETS).ok_or(Closed::Malformed)?;
    let (rounds, derivation) = element(derivation, INTEGER).ok_or(Closed::Malformed)?;
    // The key's length may follow; the cipher says the same.
    let derivation = element(derivation, INTEGER).map_or(derivation, |(_, rest)| rest);
    let prf = match element(derivation, SEQUENCE) {
        None => PBKDF2_HMAC_SHA1,
        Some((prf, _)) => match element(prf, OBJECT_ID).ok_or(Closed::Malformed)?.0 {
            HMAC_SHA1 => PBKDF2_HMAC_SHA1,
            HMAC_SHA256 => PBKDF2_HMAC_SHA256,
            HMAC_SHA384 => PBKDF2_HMAC_SHA384,
            HMAC_SHA512 => PBKDF2_HMAC_SHA512,
            _ => return Err(Closed::Unsupported),
        },
    };

    let (id, encryption) = element(encryption, OBJECT_ID).ok_or(Closed::Malformed)?;
    let (cipher, key_length) = match id {
        AES_128_CBC => (&AES_128, 16),
        AES_192_CBC => (&AES_192, 24),
        AES_256_CBC => (&AES_256, 32),
        _ => return Err(Closed::Unsupported),
    };
    let (iv, _) = element(encryption, OCTETS).ok_or(Closed::Malformed)?;
    Ok(Scheme { prf, salt, rounds: bounded(rounds)?, cipher, key_length, iv })
}

fn bounded(integer: &[u8]) -> Result<NonZeroU32, Closed> {
    let mut rounds: u32 = 0;
    for byte in integer {
        rounds = rounds.checked_mul(256).and_then(|rounds| rounds.checked_add(u32::from(*byte))).unwrap_or(u32::MAX);
    }
    if rounds > MOST_ROUNDS {
        return Err(Closed::TooManyRounds);
    }
    NonZeroU32::new(rounds).ok_or(Closed::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_bounded() {
        for (integer, rounds) in [
            (&[8_u8, 0][..], Ok(2048)),
            (&[0x0f, 0x42, 0x40], Ok(1_000_000)),
            (&[0x0f, 0x42, 0x41], Err(Closed::TooManyRounds)),
            (&[0x7f, 0xff, 0xff, 0xff, 0xff], Err(Closed::TooManyRounds)),
            (&[0], Err(Closed::Malformed)),
            (&[], Err(Closed::Malformed)),
        ] {
            assert_eq!(bounded(integer).map(NonZeroU32::get), rounds, "{integer:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = open(&bytes, "passphrase");
            let _ = scheme(&[&[OBJECT_ID, 9][..], PBES2, &bytes].concat());
        }
    }
}
