//! What stands around every page: its title, the way to it, whose it is.

use obol_protocol::Timestamp;

use crate::assets;

/// The frame of a page.
#[derive(Debug, Clone)]
pub(crate) struct Chrome {
    /// The page's title.
    pub(crate) title: String,
    /// What stands before `/ui/v1`: a stripe's path prefix, or nothing.
    pub(crate) prefix: String,
    /// The identity domain's name.
    pub(crate) domain: String,
    /// The stripe's name.
    pub(crate) stripe: String,
    /// Who is signed in.
    pub(crate) user: Option<Person>,
    /// The pages above this one.
    pub(crate) trail: Vec<Step>,
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// The name shown.
    pub(crate) display_name: String,
    /// The name signed in with.
    pub(crate) user_name: String,
    /// The token that every form of this session carries.
    pub(crate) form_token: String,
}

impl Person {
    /// The letter in the avatar.
    pub(crate) fn initial(&self) -> String {
        self.display_name.chars().next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default()
    }
}

/// A page above this one.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Its title.
    pub(crate) label: String,
    /// Its address.
    pub(crate) href: String,
}

impl Chrome {
    /// The address of a page, from what follows `/ui/v1`.
    pub(crate) fn path(&self, rest: &str) -> String {
        page_path(&self.prefix, rest)
    }

    /// The stylesheet's address.
    pub(crate) fn stylesheet(&self) -> String {
        self.path(&format!("/assets/{}", assets::stylesheet()))
    }

    /// The coin's address.
    pub(crate) fn coin(&self) -> String {
        self.path(&format!("/assets/{}", assets::coin()))
    }

    /// Names a page above this one.
    #[must_use]
    pub(crate) fn under(mut self, label: &str, rest: &str) -> Self {
        let href = self.path(rest);
        self.trail.push(Step { label: label.to_owned(), href });
        self
    }
}

/// The address of a page below a stripe's prefix, from what follows `/ui/v1`.
pub(crate) fn page_path(prefix: &str, rest: &str) -> String {
    format!("{prefix}/ui/v1{rest}")
}

/// An instant as a page shows it.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// For machines: RFC 3339.
    pub(crate) iso: String,
    /// For people: `22 Nov 2026 22:29:49 UTC`.
    pub(crate) text: String,
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        let date = at.http_date();
        let text = date.split_once(", ").map_or(date.as_str(), |(_weekday, rest)| rest).replace("GMT", "UTC");
        Self { iso: at.to_string(), text }
    }
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    /// A frame as the samples of pages use it.
    pub(crate) fn chrome(title: &str) -> Chrome {
        Chrome {
            title: title.to_owned(),
            prefix: "/idcs-0123456789abcdef0123456789abcdef".to_owned(),
            domain: "OracleIdentityCloudService".to_owned(),
            stripe: "idcs-0123456789abcdef0123456789abcdef".to_owned(),
            user: Some(Person {
                display_name: "Ada Admin".to_owned(),
                user_name: "ada.admin@example.com".to_owned(),
                form_token: "sample-form-token".to_owned(),
            }),
            trail: Vec::new(),
        }
    }

    #[test]
    fn a_moment_is_readable_by_both() {
        let moment = Moment::from(Timestamp::from_seconds(1_795_386_589));
        assert_eq!(moment.text, "22 Nov 2026 22:29:49 UTC");
        assert_eq!(moment.iso, "2026-11-22T22:29:49.000Z");
    }

    #[test]
    fn a_person_without_a_name_has_no_initial() {
        let person = Person { display_name: String::new(), user_name: String::new(), form_token: String::new() };
        assert_eq!(person.initial(), "");
    }
}
