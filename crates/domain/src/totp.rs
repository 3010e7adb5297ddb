//! Second factors, pure: one-time codes by time (RFC 6238) and recovery codes.
//!
//! The parameters are those that every authenticator app knows: HMAC-SHA-1, six digits, steps of thirty seconds. A code is
//! taken one step early or late, and only if its step comes after the last one that was used (RFC 6238 section 5.2).

use std::{fmt::Write as _, time::Duration};

use aws_lc_rs::hmac;
use obol_protocol::{Secret, Timestamp, oauth::form::encode};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::Entropy;

/// How long a code is shown.
pub const STEP: Duration = Duration::from_secs(30);
/// Digits of a code.
pub const DIGITS: usize = 6;
/// The secret's length in bytes: that of the hash (RFC 4226 section 4).
const SECRET: usize = 20;
/// How many steps a clock may be off, either way.
const SKEW: i64 = 1;
/// Characters of a recovery code without its dashes; five bits each.
const RECOVERY: usize = 20;
/// Characters between two dashes of a recovery code.
const GROUP: usize = 5;
/// Recovery codes that a user has at a time.
pub const RECOVERY_CODES: usize = 10;
/// RFC 4648 base32.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// How a stripe's sign-on policy asks for a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MfaPolicy {
    /// Nobody is asked.
    Off,
    /// Whoever has enrolled one is asked.
    #[default]
    Optional,
    /// Everybody is asked, and enrols at the next sign-in.
    Required,
}

impl MfaPolicy {
    /// How it is spelled.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "Off",
            Self::Optional => "Optional",
            Self::Required => "Required",
        }
    }

    /// Whether a user is asked for a second factor, by whether they have one.
    pub const fn asks(self, enrolled: bool) -> bool {
        match self {
            Self::Off => false,
            Self::Optional => enrolled,
            Self::Required => true,
        }
    }
}

impl std::str::FromStr for MfaPolicy {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Off, Self::Optional, Self::Required].into_iter().find(|policy| policy.as_str() == text).ok_or(())
    }
}

/// The secret that an authenticator app and the service share. It is not printed.
pub struct TotpSecret(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(***)")
    }
}

impl TotpSecret {
    /// A new one of 160 random bits.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Zeroizing::new(entropy.bytes::<SECRET>().to_vec()))
    }

    /// One that was kept.
    pub fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// For keeping it sealed.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As people type it into an app: base32 without padding.
    pub fn text(&self) -> Secret {
        Secret::new(base32(&self.0))
    }

    /// The address that a QR code holds: `otpauth://totp/<issuer>:<account>?secret=…`.
    pub fn otpauth(&self, issuer: &str, account: &str) -> Secret {
        let (issuer, account) = (label(issuer), label(account));
        Secret::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={}",
            base32(&self.0),
            STEP.as_secs()
        ))
    }

    /// The step that a code is right for now, if it comes after the last one used. Every step is compared, in constant time.
    pub fn step_of(&self, code: &str, at: Timestamp, last_used: Option<i64>) -> Option<i64> {
        let now = step(at);
        let mut found = 0;
        let mut right = Choice::from(0);
        for candidate in now.saturating_sub(SKEW)..=now.saturating_add(SKEW) {
            let equal = self.code(candidate).as_bytes().ct_eq(code.as_bytes());
            let fresh = Choice::from(u8::from(last_used.is_none_or(|last| candidate > last)));
            let hit = equal & fresh & !right;
            found = i64::conditional_select(&found, &candidate, hit);
            right |= hit;
        }
        bool::from(right).then_some(found)
    }

    /// The code of an instant, for who has the secret.
    pub fn code_at(&self, at: Timestamp) -> String {
        self.code(step(at))
    }

    /// RFC 4226 section 5.3.
    fn code(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let bytes = tag.as_ref();
        let offset = usize::from(bytes.last().copied().unwrap_or_default() & 0x0f);
        let word = bytes.iter().skip(offset).take(4).fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }
}

/// The number of the step at an instant.
fn step(at: Timestamp) -> i64 {
    at.micros().div_euclid(i64::try_from(STEP.as_micros()).unwrap_or(i64::MAX))
}

/// A part of an address: as a form has it, but a space is `%20`.
fn label(text: &str) -> String {
    encode(text).replace('+', "%20")
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut bits, mut waiting) = (0_u32, 0_u32);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        waiting += 8;
        while waiting >= 5 {
            waiting -= 5;
            text.push(letter(bits >> waiting));
        }
    }
    if waiting > 0 {
        text.push(letter(bits << (5 - waiting)));
    }
    text
}

/// The letter of the lowest five bits.
fn letter(bits: u32) -> char {
    let index = usize::try_from(bits & 31).unwrap_or_default();
    ALPHABET.get(index).copied().map_or('A', char::from)
}

/// What somebody typed where a code belongs.
#[derive(Clone)]
pub enum Typed {
    /// Six digits.
    Code(Secret),
    /// A recovery code, in the form that is hashed.
    Recovery(Secret),
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Code(_) => "Code(***)",
            Self::Recovery(_) => "Recovery(***)",
        })
    }
}

impl Typed {
    /// Reads either, whatever spaces and dashes stand in it. Anything else is neither.
    pub fn read(text: &Secret) -> Option<Self> {
        const LONGEST: usize = 64;
        if text.expose().len() > LONGEST {
            return None;
        }
        let bare: Zeroizing<String> = Zeroizing::new(
            text.expose().chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect(),
        );
        if bare.len() == DIGITS && bare.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Code(Secret::new(bare.as_str())));
        }
        let recovery = bare.len() == RECOVERY && bare.bytes().all(|byte| ALPHABET.contains(&byte));
        recovery.then(|| Self::Recovery(Secret::new(bare.as_str())))
    }
}

/// A new recovery code of 100 random bits, as it is shown: four groups of five characters.
pub fn recovery_code(entropy: &dyn Entropy) -> Secret {
    let mut text = String::with_capacity(RECOVERY + RECOVERY / GROUP);
    for (index, byte) in entropy.bytes::<RECOVERY>().iter().enumerate() {
        if index > 0 && index % GROUP == 0 {
            text.push('-');
        }
        // 256 is a multiple of 32, so that no letter is likelier than another.
        let _infallible = text.write_char(letter(u32::from(*byte)).to_ascii_lowercase());
    }
    Secret::new(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rfc() -> TotpSecret {
        TotpSecret::from_bytes(Zeroizing::new(b"12345678901234567890".to_vec()))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    // RFC 6238 appendix B, the last six of its eight digits.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(rfc().code_at(at(seconds)), code, "{seconds}");
        }
    }

    // RFC 4226 appendix D.
    #[test]
    fn the_codes_of_counters_are_those_of_the_standard() {
        let codes: Vec<_> = (0..10).map(|step| rfc().code(step)).collect();
        assert_eq!(
            codes,
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
        );
    }

    #[test]
    fn a_code_is_taken_one_step_early_or_late_and_no_more() {
        let now = at(1_000_000_020);
        for (away, taken) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            let code = rfc().code_at(at(1_000_000_020 + away));
            assert_eq!(rfc().step_of(&code, now, None).is_some(), taken, "{away}");
        }
    }

    #[test]
    fn a_code_is_taken_once_and_none_before_it() {
        let now = at(1_000_000_020);
        let used = rfc().step_of(&rfc().code_at(now), now, None).unwrap();
        assert_eq!(used, 33_333_334);
        for before in [0, -30] {
            let code = rfc().code_at(at(1_000_000_020 + before));
            assert_eq!(rfc().step_of(&code, now, Some(used)), None, "{before}");
        }
        assert_eq!(rfc().step_of(&rfc().code_at(at(1_000_000_050)), now, Some(used)), Some(used + 1));
    }

    #[test]
    fn what_is_no_code_is_not_taken() {
        let now = at(59);
        for code in ["", "28708", "2870820", "287083", "０87082", "28708\0"] {
            assert_eq!(rfc().step_of(code, now, None), None, "{code:?}");
        }
    }

    // RFC 4648 section 10, without padding.
    #[test]
    fn base32_is_that_of_the_standard() {
        for (plain, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), text);
        }
    }

    #[test]
    fn the_address_holds_secret_and_names() {
        assert_eq!(
            rfc().otpauth("Acme & Söhne", "ada@example.com").expose(),
            "otpauth://totp/Acme%20%26%20S%C3%B6hne:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Acme%20%26%20S%C3%B6hne&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn nothing_prints_a_secret() {
        assert_eq!(format!("{:?}", rfc()), "TotpSecret(***)");
        assert_eq!(format!("{:?}", Typed::read(&Secret::new("123456")).unwrap()), "Code(***)");
    }

    struct Same(u8);
    impl Entropy for Same {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    #[test]
    fn a_recovery_code_is_read_as_it_is_shown_and_without_its_dashes() {
        let shown = recovery_code(&Same(33));
        assert_eq!(shown.expose(), "bbbbb-bbbbb-bbbbb-bbbbb");
        for typed in [shown.expose(), "BBBBBbbbbbBBBBBbbbbb", " bbbbb bbbbb bbbbb bbbbb "] {
            let Some(Typed::Recovery(read)) = Typed::read(&Secret::new(typed)) else { panic!("{typed}") };
            assert_eq!(read.expose(), "BBBBBBBBBBBBBBBBBBBB");
        }
        for typed in ["", "12345", "1234567", "bbbbb-bbbbb-bbbbb-bbbb", "bbbbb-bbbbb-bbbbb-bbbb1", "12345é"] {
            assert!(Typed::read(&Secret::new(typed)).is_none(), "{typed}");
        }
        assert!(matches!(Typed::read(&Secret::new("123 456")), Some(Typed::Code(_))));
    }

    #[test]
    fn who_is_asked_follows_from_the_policy() {
        for policy in [MfaPolicy::Off, MfaPolicy::Optional, MfaPolicy::Required] {
            assert_eq!(policy.as_str().parse(), Ok(policy));
        }
        assert_eq!("required".parse::<MfaPolicy>(), Err(()));
        let asked = |policy: MfaPolicy| [policy.asks(false), policy.asks(true)];
        assert_eq!(asked(MfaPolicy::Off), [false, false]);
        assert_eq!(asked(MfaPolicy::Optional), [false, true]);
        assert_eq!(asked(MfaPolicy::Required), [true, true]);
    }

    proptest! {
        #[test]
        fn anything_typed_is_read_or_not(text in ".*") {
            if let Some(Typed::Code(code) | Typed::Recovery(code)) = Typed::read(&Secret::new(text)) {
                prop_assert!(code.expose().is_ascii());
            }
        }

        #[test]
        fn any_code_and_instant_end_in_an_answer(code in ".*", micros: i64, last: Option<i64>) {
            rfc().step_of(&code, Timestamp::from_micros(micros), last);
        }
    }
}
