//! The names of hosts and zones (RFC 1123 section 2.1, RFC 952): labels of letters, digits and hyphens, with dots between.

/// The longest label, in characters (RFC 1035 section 2.3.4).
const LONGEST_LABEL: usize = 63;

/// What a name must look like, for explanations.
pub const SHAPE: &str = "labels of 1 to 63 letters, digits and inner hyphens, with dots between";

/// The first character, counted from zero, that keeps a text from being the name of a host; none where it is one. A name
/// that is only digits and dots is an address, and refused at its last character.
pub fn misfit(text: &str) -> Option<usize> {
    let mut label = 0;
    let mut previous = '.';
    for (index, character) in text.chars().enumerate() {
        let fits = match character {
            '.' => previous != '.' && previous != '-',
            '-' => previous != '.',
            _ => character.is_ascii_alphanumeric(),
        };
        label = if character == '.' { 0 } else { label + 1 };
        if !fits || label > LONGEST_LABEL {
            return Some(index);
        }
        previous = character;
    }
    let last = text.rsplit('.').next().unwrap_or_default();
    let ends_badly = matches!(previous, '.' | '-') || last.bytes().all(|byte| byte.is_ascii_digit());
    ends_badly.then(|| text.chars().count().saturating_sub(1))
}

/// Like [`misfit`], and labels may hold underscores, which service records have (RFC 2782).
pub fn misfit_of_zone(text: &str) -> Option<usize> {
    misfit(&text.replace('_', "a"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_hosts_pass() {
        let label = "a".repeat(63);
        for name in ["a", "db-1", "analytics.example.com", "3com.example", "xn--caf-dma.example", label.as_str()] {
            assert_eq!(misfit(name), None, "{name}");
        }
        assert_eq!(misfit_of_zone("_tcp.example.com"), None);
    }

    #[test]
    fn other_texts_are_refused_where_they_do_not_fit() {
        let long = "a".repeat(64);
        for (name, index) in [
            ("", 0),
            (".", 0),
            (".a", 0),
            ("a.", 1),
            ("a..b", 2),
            ("-a", 0),
            ("a-", 1),
            ("a-.b", 2),
            ("a_b", 1),
            ("a b", 1),
            ("*.example.com", 0),
            ("https://example.com", 5),
            ("example.com/", 11),
            ("example.com:443", 11),
            ("café.example", 3),
            ("10.0.0.1", 7),
            (long.as_str(), 63),
        ] {
            assert_eq!(misfit(name), Some(index), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_name_or_refused(text in ".*") {
            if misfit(&text).is_none() {
                prop_assert!(text.split('.').all(|label| (1..=63).contains(&label.len())));
            }
            let _ = misfit_of_zone(&text);
        }
    }
}
