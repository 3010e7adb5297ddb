//! Token files: the bare token, or the `tokens.tok` that the console downloads, `{"app_access_token":"…"}` (contract
//! analytics 2.4). Sending the whole of the latter as the token is a well-trodden trap (contract analytics 8, row 5).

use obol_protocol::Secret;
use serde::{Deserialize, Serialize};

/// Why a text holds no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFileError {
    /// Nothing but white space.
    #[error("there is no token in it")]
    Empty,
    /// JSON without the member that holds the token.
    #[error("it is JSON without app_access_token or access_token")]
    NoMember,
}

#[derive(Deserialize)]
struct Members {
    app_access_token: Option<Secret>,
    access_token: Option<Secret>,
}

/// Finds the token in a text: `tokens.tok`, the answer of a token endpoint, an `Authorization` header line, or the bare
/// token, whose lines are joined as the official command line does (contract analytics 6.1).
pub fn read(text: &str) -> Result<Secret, TokenFileError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TokenFileError::Empty);
    }
    if text.starts_with('{') {
        let members: Members = serde_json::from_str(text).map_err(|_| TokenFileError::NoMember)?;
        return members
            .app_access_token
            .or(members.access_token)
            .filter(|token| !token.is_empty())
            .ok_or(TokenFileError::NoMember);
    }
    let bare = text.strip_prefix("Authorization:").unwrap_or(text).trim_start();
    let bare = bare.strip_prefix("Bearer ").unwrap_or(bare);
    Ok(Secret::new(bare.split_whitespace().collect::<String>()))
}

#[derive(Serialize)]
struct File<'a> {
    app_access_token: &'a str,
}

/// Spells `tokens.tok`: one line of JSON.
pub fn spell(token: &Secret) -> Secret {
    Secret::new(serde_json::to_string(&File { app_access_token: token.expose() }).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_in_every_form() {
        // Contract analytics 2.4 and 6.1.
        for text in [
            "eyJ.a.b",
            "  eyJ.a.b\n",
            "eyJ\n.a\r\n.b\n",
            "Bearer eyJ.a.b",
            "Authorization: Bearer eyJ.a.b\n",
            "{\"app_access_token\":\"eyJ.a.b\"}",
            "{\"access_token\":\"eyJ.a.b\",\"token_type\":\"Bearer\",\"expires_in\":3600}\n",
        ] {
            assert_eq!(read(text).unwrap().expose(), "eyJ.a.b", "{text}");
        }
    }

    #[test]
    fn no_token_is_said_to_be_none() {
        assert_eq!(read(" \n").unwrap_err(), TokenFileError::Empty);
        for text in ["{}", "{\"app_access_token\":\"\"}", "{\"app_access_token\":1}", "{"] {
            assert_eq!(read(text).unwrap_err(), TokenFileError::NoMember, "{text}");
        }
    }

    #[test]
    fn the_file_is_one_line_of_json() {
        let text = spell(&Secret::new("eyJ.a.b"));
        assert_eq!(text.expose(), "{\"app_access_token\":\"eyJ.a.b\"}");
        assert_eq!(read(text.expose()).unwrap().expose(), "eyJ.a.b");
    }
}
