//! Text from a caller, described without being repeated: whatever stands in the wrong place may be a password or a token,
//! and what a description says is stored and served. Repeated are only a member of a closed public vocabulary, a
//! well-formed OCID and a number.

use crate::oci::Ocid;

/// How long a text is, and of what kinds of characters.
pub fn describe(text: &str) -> String {
    let length = text.chars().count();
    let is = |holds: fn(char) -> bool| text.chars().any(holds);
    let kinds: Vec<&str> = [
        (is(|c| c.is_ascii_alphabetic()), "letters"),
        (is(|c| c.is_ascii_digit()), "digits"),
        (is(|c| c.is_ascii_punctuation()), "signs"),
        (is(|c| c == ' '), "spaces"),
        (is(|c| c.is_ascii_control()), "control characters"),
        (is(|c| !c.is_ascii()), "characters beyond ASCII"),
    ]
    .into_iter()
    .filter_map(|(there, kind)| there.then_some(kind))
    .collect();
    match (length, kinds.split_last()) {
        (_, None) => "an empty text".to_owned(),
        (1, _) => format!("1 character of the kind {}", kinds.join(" and ")),
        (_, Some((only, []))) => format!("{length} characters: {only}"),
        (_, Some((last, others))) => format!("{length} characters: {} and {last}", others.join(", ")),
    }
}

/// Like [`describe`], and which character is the first that does not fit; `index` counts from zero.
pub fn describe_up_to(text: &str, index: usize) -> String {
    format!("{}; the first that does not fit is number {}", describe(text), index.saturating_add(1))
}

/// The member of a closed vocabulary that the text comes near to, or the text described.
pub fn describe_among(text: &str, vocabulary: impl IntoIterator<Item = &'static str>) -> String {
    match vocabulary.into_iter().find(|word| is_near(text, word)) {
        Some(word) if word == text => word.to_owned(),
        Some(word) => format!("{}; much like {word}", describe(text)),
        None => describe(text),
    }
}

/// An OCID itself; any other text described.
pub fn describe_id(text: &str) -> String {
    if text.parse::<Ocid>().is_ok() { text.to_owned() } else { format!("no OCID, but {}", describe(text)) }
}

/// A whole number itself; any other text described.
pub fn describe_number(text: &str) -> String {
    text.parse::<i64>().map_or_else(|_| describe(text), |number| number.to_string())
}

/// Whether a text is a word but for its case, its signs, and a letter or two of a long one.
fn is_near(text: &str, word: &str) -> bool {
    const LONGEST: usize = 64;
    if text.len() > LONGEST {
        return false;
    }
    let bare = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (text, word) = (bare(text), bare(word));
    distance(&text, &word) <= (word.len() / 4).min(2)
}

/// How many letters have to be put in, taken out or changed to make one text of the other (Levenshtein).
fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, left) in one.iter().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        let mut next = vec![before];
        for (above, right) in row.iter().skip(1).zip(other) {
            before = (diagonal + usize::from(left != right)).min(above + 1).min(before + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORDS: [&str; 3] = ["SELF_SERVICE_ANALYTICS", "ENTERPRISE_ANALYTICS", "ALL"];

    #[test]
    fn a_text_is_told_by_length_and_kinds() {
        for (text, told) in [
            ("", "an empty text"),
            ("x", "1 character of the kind letters"),
            ("123456", "6 characters: digits"),
            ("a b-1", "5 characters: letters, digits, signs and spaces"),
            ("\u{e9}\n", "2 characters: control characters and characters beyond ASCII"),
        ] {
            assert_eq!(describe(text), told);
        }
        assert_eq!(
            describe_up_to("my oac", 2),
            "6 characters: letters and spaces; the first that does not fit is number 3"
        );
    }

    #[test]
    fn a_word_of_a_vocabulary_is_named_for_what_comes_near_it() {
        for near in ["enterprise_analytics", "EnterpriseAnalytics", "Enterprise Analytics", "ENTERPRISE_ANALITIC"] {
            let told = describe_among(near, WORDS);
            assert!(told.ends_with("; much like ENTERPRISE_ANALYTICS"), "{near}: {told}");
        }
        assert_eq!(describe_among("ALL", WORDS), "ALL");
        for far in ["", "ALT", "ENTERPRISE", "canary-canary-canary"] {
            assert_eq!(describe_among(far, WORDS), describe(far));
        }
    }

    #[test]
    fn an_ocid_and_a_number_may_be_repeated() {
        let ocid = "ocid1.compartment.oc1..aaaa";
        assert_eq!(describe_id(ocid), ocid);
        assert_eq!(describe_id("eyJ4.canary.x"), "no OCID, but 13 characters: letters, digits and signs");
        assert_eq!(describe_number("-7"), "-7");
        assert_eq!(describe_number("+07"), "7");
        assert_eq!(describe_number("7x"), "2 characters: letters and digits");
    }

    #[test]
    fn distances_are_counted() {
        let count =
            |one: &str, other: &str| distance(&one.chars().collect::<Vec<_>>(), &other.chars().collect::<Vec<_>>());
        assert_eq!([count("", "abc"), count("abc", ""), count("kitten", "sitting"), count("a", "a")], [3, 3, 3, 0]);
    }

    proptest! {
        #[test]
        fn no_text_is_repeated(text in "[k-z0-9!-/]{12,80}") {
            let all = [describe(&text), describe_up_to(&text, 3), describe_among(&text, WORDS), describe_id(&text)];
            for told in all {
                prop_assert!(!told.contains(&text), "{told}");
            }
        }
    }
}
