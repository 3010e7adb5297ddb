//! The three cookies: the session, and before there is one, the visitor, and the sign-in that waits for its second factor.
//!
//! Their names begin `__Host-`: the browser takes them only from us over a secure channel (or loopback) and sends them to
//! this host alone, so no neighbouring name can plant one.

use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use obol_identity::Identity;
use obol_protocol::Secret;

/// The session.
const SESSION: &str = obol_identity::sessions::COOKIE;
/// The browser before there is a session; it binds the sign-in form to whoever asked for it.
const VISITOR: &str = "__Host-obol-visitor";

/// The sign-in whose second factor is still to come.
const HALF: &str = "__Host-obol-half";

/// The session's id, if the browser sent one.
pub(crate) fn session(jar: &CookieJar) -> Option<Secret> {
    read(jar, SESSION)
}

/// The visitor's id, if the browser sent one.
pub(crate) fn visitor(jar: &CookieJar) -> Option<Secret> {
    read(jar, VISITOR)
}

/// The id of the sign-in that waits, if the browser sent one.
pub(crate) fn half(jar: &CookieJar) -> Option<Secret> {
    read(jar, HALF)
}

/// Gives the browser its session; the other cookies have done their work.
pub(crate) fn open(jar: CookieJar, session: &Secret) -> CookieJar {
    jar.add(cookie(SESSION, session.expose())).remove(cookie(VISITOR, "")).remove(cookie(HALF, ""))
}

/// Gives the browser the sign-in that waits for its second factor.
pub(crate) fn wait(jar: CookieJar, half: &Secret) -> CookieJar {
    jar.add(cookie(HALF, half.expose()))
}

/// Gives the browser a visitor's id.
fn greet(jar: CookieJar, visitor: &Secret) -> CookieJar {
    jar.add(cookie(VISITOR, visitor.expose()))
}

/// The visitor's id, which a browser that has none is given.
pub(crate) fn visitor_or_greet(jar: CookieJar, identity: &Identity) -> (Secret, CookieJar) {
    if let Some(id) = visitor(&jar) {
        return (id, jar);
    }
    let id = identity.visitor_id();
    let jar = greet(jar, &id);
    (id, jar)
}

/// Takes the session from the browser.
pub(crate) fn close(jar: CookieJar) -> CookieJar {
    jar.remove(cookie(SESSION, ""))
}

fn read(jar: &CookieJar, name: &str) -> Option<Secret> {
    // Ids are 256 bits in base64url; anything longer was not ours.
    jar.get(name).map(Cookie::value).filter(|value| !value.is_empty() && value.len() <= 64).map(Secret::new)
}

fn cookie(name: &'static str, value: &str) -> Cookie<'static> {
    Cookie::build((name, value.to_owned())).path("/").secure(true).http_only(true).same_site(SameSite::Lax).build()
}

#[cfg(test)]
mod tests {
    use axum::{
        http::{HeaderMap, HeaderValue, header},
        response::IntoResponse,
    };

    use super::*;

    fn jar(cookies: &'static str) -> CookieJar {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static(cookies));
        CookieJar::from_headers(&headers)
    }

    fn set(jar: CookieJar) -> Vec<String> {
        let response = jar.into_response();
        let mut cookies: Vec<String> = response
            .headers()
            .get_all(header::SET_COOKIE)
            .iter()
            .map(|value| value.to_str().unwrap().to_owned())
            .collect();
        cookies.sort();
        cookies
    }

    #[test]
    fn a_session_cookie_is_locked_down() {
        let cookies = set(open(CookieJar::new(), &Secret::new("id")));
        assert_eq!(cookies, ["__Host-obol=id; HttpOnly; SameSite=Lax; Secure; Path=/"]);
    }

    #[test]
    fn signing_in_replaces_the_visitor() {
        let cookies = set(open(jar("__Host-obol-visitor=v; __Host-obol=old"), &Secret::new("new")));
        assert!(cookies[0].starts_with("__Host-obol-visitor=; ") && cookies[0].contains("Max-Age=0"), "{cookies:?}");
        assert!(cookies[1].starts_with("__Host-obol=new; "), "{cookies:?}");
    }

    #[test]
    fn signing_out_takes_the_cookie_away() {
        let cookies = set(close(jar("__Host-obol=id")));
        assert!(cookies[0].contains("Max-Age=0") && cookies[0].contains("Secure"), "{cookies:?}");
    }

    #[test]
    fn odd_cookies_are_no_session() {
        assert!(session(&jar("obol=id; __Secure-obol=id; __Host-obol=")).is_none());
        assert!(visitor(&jar("__Host-obol=id")).is_none());
        let long = format!("__Host-obol={}", "a".repeat(65));
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(&long).unwrap());
        assert!(session(&CookieJar::from_headers(&headers)).is_none());
    }
}
