//! Which issuer a stripe's tokens may name (contract identity 1): the constant one, or one below the stripe's own address.

/// The issuer of every stripe that does not set its own.
pub const DEFAULT_ISSUER: &str = "https://identity.oraclecloud.com/";
/// The longest issuer, in bytes.
const LONGEST: usize = 512;

/// Why a text cannot be a stripe's issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssuerProblem {
    /// Longer than anything that is an address here.
    #[error("it is too long")]
    TooLong,
    /// A space or a control character.
    #[error("it has a character that no address has")]
    Character,
    /// Neither the constant one nor below the stripe's own address.
    #[error("it is neither the default issuer nor below the identity domain's own address")]
    Foreign,
}

/// The issuer that is meant by what an administrator set: an empty text is the default. `own` is the stripe's address
/// with its port; the port may be left out where it is the scheme's own.
///
/// # Errors
///
/// [`IssuerProblem`]
pub fn chosen<'a>(text: &'a str, own: &str) -> Result<&'a str, IssuerProblem> {
    if text.is_empty() || text == DEFAULT_ISSUER {
        return Ok(DEFAULT_ISSUER);
    }
    if text.len() > LONGEST {
        return Err(IssuerProblem::TooLong);
    }
    if text.bytes().any(|byte| !byte.is_ascii_graphic() || matches!(byte, b'?' | b'#' | b'"' | b'\\')) {
        return Err(IssuerProblem::Character);
    }
    let without_port = match own.split_once("://") {
        Some(("https", _)) => own.strip_suffix(":443"),
        Some(_) => own.strip_suffix(":80"),
        None => None,
    };
    let below = |own: &str| text.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if below(own) || without_port.is_some_and(below) { Ok(text) } else { Err(IssuerProblem::Foreign) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OWN: &str = "https://idcs-1.identity.example.com:443";

    // Contract identity 1: the default issuer, or a value with the domain's own prefix.
    #[test]
    fn the_default_and_what_is_below_the_own_address_are_allowed() {
        assert_eq!(chosen("", OWN), Ok(DEFAULT_ISSUER));
        for text in [
            DEFAULT_ISSUER,
            "https://idcs-1.identity.example.com",
            "https://idcs-1.identity.example.com/",
            "https://idcs-1.identity.example.com:443",
            "https://idcs-1.identity.example.com:443/oauth2",
        ] {
            assert_eq!(chosen(text, OWN), Ok(text));
        }
        assert!(chosen("http://127.0.0.1:4620/idcs-1", "http://127.0.0.1:4620/idcs-1").is_ok());
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "https://idcs-1.identity.example.com.evil.example",
            "https://idcs-1.identity.example.com@evil.example",
            "https://idcs-1.identity.example.com:8443",
            "https://idcs-2.identity.example.com",
            "http://idcs-1.identity.example.com",
            "https://identity.oraclecloud.com",
            "idcs-1.identity.example.com",
            " ",
        ] {
            assert!(chosen(text, OWN).is_err(), "{text}");
        }
        assert_eq!(
            chosen("http://127.0.0.1:4620/idcs-12", "http://127.0.0.1:4620/idcs-1"),
            Err(IssuerProblem::Foreign)
        );
        let own = |rest: &str| format!("{OWN}{rest}");
        assert_eq!(chosen(&own("/a b"), OWN), Err(IssuerProblem::Character));
        assert_eq!(chosen(&own("/?a"), OWN), Err(IssuerProblem::Character));
        assert_eq!(chosen(&own(&"/a".repeat(400)), OWN), Err(IssuerProblem::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_allowed_is_the_default_or_begins_with_the_own_address(text in ".{0,80}", own in ".{0,40}") {
            if let Ok(issuer) = chosen(&text, &own) {
                let bare = own.trim_end_matches(":443").trim_end_matches(":80");
                prop_assert!(issuer == DEFAULT_ISSUER || issuer.starts_with(bare));
            }
        }
    }
}
