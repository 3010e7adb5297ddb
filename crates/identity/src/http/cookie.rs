//! The session's cookie, as the browser sends it to these doors.

use http::{HeaderMap, HeaderValue, header};
use obol_protocol::Secret;

use crate::sessions;

/// The longest session id, in bytes; anything longer was not ours.
const LONGEST: usize = 64;

/// The session's id, if the browser sent one.
pub(super) fn session(headers: &HeaderMap) -> Option<Secret> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == sessions::COOKIE)?;
    (!value.is_empty() && value.len() <= LONGEST).then(|| Secret::new(value))
}

/// Takes the session from the browser.
pub(super) fn removal() -> Option<HeaderValue> {
    let cookie = format!("{}=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0", sessions::COOKIE);
    HeaderValue::try_from(cookie).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_session_of_ours_is_read() {
        let read = |cookies: &str| {
            let headers = [(header::COOKIE, HeaderValue::from_str(cookies).unwrap())].into_iter().collect();
            session(&headers).map(|id| id.expose().to_owned())
        };
        assert_eq!(read("a=b; __Host-obol=id").as_deref(), Some("id"));
        assert_eq!(read("__Host-obol=id;x=y").as_deref(), Some("id"));
        let long = format!("__Host-obol={}", "a".repeat(65));
        for other in ["", "__Host-obol", "__Host-obol=", "__host-obol=id", "x__Host-obol=id", "obol=id", &long] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
