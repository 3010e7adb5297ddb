//! A refusal as a page: what failed, why, what to do, and the id under which the whole story is kept.

use askama::Template;

use crate::chrome::Chrome;

/// The page.
#[derive(Template)]
#[template(path = "refusal.html")]
pub(crate) struct RefusalPage {
    pub(crate) chrome: Chrome,
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) fix: String,
    pub(crate) ecid: String,
}
