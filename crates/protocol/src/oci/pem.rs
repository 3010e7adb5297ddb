//! The PEM text encoding (RFC 7468), as far as keys need it. Oracle's command line wants a line `OCI_API_KEY` after the
//! END line of a key file (contract analytics 4.6), so text around the block is skipped.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// One block: its label, e.g. `PRIVATE KEY`, and its bytes, which are wiped when dropped.
pub struct Block<'a> {
    /// What stands after `BEGIN`.
    pub label: &'a str,
    /// The decoded bytes.
    pub der: Zeroizing<Vec<u8>>,
}

/// Why a PEM text could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// No `-----BEGIN …-----` line, or no END line that fits it.
    #[error("no complete PEM block (-----BEGIN ...----- to -----END ...-----)")]
    NoBlock,
    /// The text between the lines is not base64.
    #[error("the PEM block is damaged")]
    Damaged,
    /// The key is protected by a passphrase.
    #[error("the key is encrypted with a passphrase, which is not supported yet")]
    Encrypted,
}

/// Reads the first block.
///
/// # Errors
///
/// [`PemError`]; a key with a passphrase is [`PemError::Encrypted`].
pub fn first_block(text: &str) -> Result<Block<'_>, PemError> {
    let mut lines = text.lines().map(str::trim);
    let label = lines.by_ref().find_map(|line| boundary(line, "-----BEGIN ")).ok_or(PemError::NoBlock)?;
    if label == "ENCRYPTED PRIVATE KEY" {
        return Err(PemError::Encrypted);
    }
    rest_of_block(label, &mut lines)
}

/// Reads up to `most` blocks, whatever their labels; a key in PKCS #8 with a passphrase is one of them.
///
/// # Errors
///
/// [`PemError`] when there is none, or one is damaged.
pub fn blocks(text: &str, most: usize) -> Result<Vec<Block<'_>>, PemError> {
    let mut lines = text.lines().map(str::trim);
    let mut blocks = Vec::new();
    while blocks.len() < most {
        let Some(label) = lines.by_ref().find_map(|line| boundary(line, "-----BEGIN ")) else { break };
        blocks.push(rest_of_block(label, &mut lines)?);
    }
    if blocks.is_empty() { Err(PemError::NoBlock) } else { Ok(blocks) }
}

fn rest_of_block<'a>(label: &'a str, lines: &mut impl Iterator<Item = &'a str>) -> Result<Block<'a>, PemError> {
    let mut base64 = Zeroizing::new(String::new());
    for line in lines {
        if let Some(end) = boundary(line, "-----END ") {
            if end != label {
                return Err(PemError::NoBlock);
            }
            let der = STANDARD.decode(base64.as_bytes()).map_err(|_| PemError::Damaged)?;
            return Ok(Block { label, der: Zeroizing::new(der) });
        }
        // RFC 1421 headers, which OpenSSL's traditional encrypted keys have.
        if line.starts_with("Proc-Type:") && line.ends_with("ENCRYPTED") {
            return Err(PemError::Encrypted);
        }
        base64.push_str(line);
    }
    Err(PemError::NoBlock)
}

/// Writes one block, 64 characters to the line.
pub fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(STANDARD.encode(der));
    let mut text = Zeroizing::new(String::with_capacity(base64.len() + base64.len() / 64 + 2 * label.len() + 40));
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

fn boundary<'a>(line: &'a str, prefix: &str) -> Option<&'a str> {
    line.strip_prefix(prefix)?.strip_suffix("-----")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_around_the_block_is_skipped() {
        // Contract analytics 4.6: the official command line wants the last line.
        let text = "Bag Attributes\r\n-----BEGIN X-----\r\nAQID\r\n-----END X-----\r\nOCI_API_KEY";
        let block = first_block(text).ok().unwrap();
        assert_eq!((block.label, block.der.as_slice()), ("X", [1, 2, 3].as_slice()));
    }

    #[test]
    fn incomplete_damaged_and_encrypted_blocks_are_told_apart() {
        let error = |text: &str| first_block(text).err();
        assert_eq!(error(""), Some(PemError::NoBlock));
        assert_eq!(error("-----BEGIN X-----\nAQID\n"), Some(PemError::NoBlock));
        assert_eq!(error("-----BEGIN X-----\nAQID\n-----END Y-----\n"), Some(PemError::NoBlock));
        assert_eq!(error("-----BEGIN X-----\nA?\n-----END X-----\n"), Some(PemError::Damaged));
        assert_eq!(error("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"), Some(PemError::Encrypted));
        let traditional = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAQID\n";
        assert_eq!(error(traditional), Some(PemError::Encrypted));
    }

    #[test]
    fn blocks_are_read_one_after_the_other() {
        let one = "-----BEGIN X-----\nAQID\n-----END X-----\n";
        let text = format!(
            "{one}a note\n-----BEGIN ENCRYPTED PRIVATE KEY-----\nBA==\n-----END ENCRYPTED PRIVATE KEY-----\n{one}"
        );
        let labels = |most| blocks(&text, most).ok().unwrap().iter().map(|block| block.label).collect::<Vec<_>>();
        assert_eq!(labels(9), ["X", "ENCRYPTED PRIVATE KEY", "X"]);
        assert_eq!(labels(1), ["X"]);
        assert_eq!(blocks("", 9).err(), Some(PemError::NoBlock));
        assert_eq!(blocks(&format!("{one}-----BEGIN X-----\nAQ"), 9).err(), Some(PemError::NoBlock));
        assert_eq!(blocks(&format!("{one}-----BEGIN X-----\nA\n-----END X-----"), 9).err(), Some(PemError::Damaged));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*", middle in "[A-Za-z0-9+/=\n]*") {
            let _ = first_block(&text);
            let _ = blocks(&text, 9);
            let _ = first_block(&format!("-----BEGIN X-----\n{middle}\n-----END X-----"));
        }

        #[test]
        fn a_block_survives_a_round_trip(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let text = encode("X", &bytes);
            prop_assert!(text.lines().all(|line| line.len() <= 64));
            prop_assert_eq!(first_block(&text).ok().map(|block| block.der.to_vec()), Some(bytes));
        }
    }
}
