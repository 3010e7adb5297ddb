//! One instant, as Obol stores it (microseconds) and as the wire spells it (RFC 3339, RFC 9110, epoch seconds).

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MICROS_PER_SECOND: i64 = 1_000_000;

/// An instant in microseconds since the Unix epoch. Arithmetic saturates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Takes microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Takes whole seconds since the Unix epoch, as JWTs count.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SECOND)
    }

    /// The instant `duration` later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The instant `duration` earlier.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The distance to `other` in either direction.
    pub fn distance(self, other: Self) -> Duration {
        Duration::from_micros(self.0.abs_diff(other.0))
    }

    /// Reads an HTTP date in its preferred form (RFC 9110 section 5.6.7), e.g. `Sun, 22 Nov 2026 22:29:49 GMT`.
    /// A weekday that does not fit the date is tolerated, as Oracle's own published examples have one.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let (_weekday, rest) = text.split_once(", ")?;
        let parsed = jiff::fmt::strtime::parse("%d %b %Y %H:%M:%S GMT", rest).ok()?;
        let civil = parsed.to_datetime().ok()?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self(zoned.timestamp().as_microsecond()))
    }

    /// Spells the instant as an HTTP date (RFC 9110 section 5.6.7).
    pub fn http_date(self) -> String {
        self.civil().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn civil(self) -> jiff::civil::DateTime {
        jiff::Timestamp::from_microsecond(self.0)
            .unwrap_or(if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX })
            .to_zoned(jiff::tz::TimeZone::UTC)
            .datetime()
    }
}

/// RFC 3339 in UTC with milliseconds, as both services spell times: `2026-11-22T22:29:49.000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = self.civil();
        write!(f, "{}.{:03}Z", civil.strftime("%Y-%m-%dT%H:%M:%S"), civil.millisecond())
    }
}

/// The text is not an RFC 3339 date and time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 date and time")]
pub struct InvalidTimestamp;

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed: jiff::Timestamp = text.parse().map_err(|_| InvalidTimestamp)?;
        Ok(Self(parsed.as_microsecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_date_survives_a_round_trip() {
        let text = "Sun, 22 Nov 2026 22:29:49 GMT";
        assert_eq!(Timestamp::parse_http_date(text).unwrap().http_date(), text);
    }

    #[test]
    fn http_date_with_a_wrong_weekday_is_read() {
        // Oracle's published signing example says Thursday; 5 January 2014 was a Sunday.
        assert_eq!(Timestamp::parse_http_date("Thu, 05 Jan 2014 21:31:40 GMT").unwrap().seconds(), 1_388_957_500);
    }

    #[test]
    fn http_date_refuses_other_forms() {
        for text in ["", "Sun, 22 Nov 2026 22:29:49 CET", "2026-11-22T22:29:49Z", "Sun, 32 Nov 2026 22:29:49 GMT"] {
            assert_eq!(Timestamp::parse_http_date(text), None, "{text}");
        }
    }

    #[test]
    fn rfc3339_always_has_milliseconds() {
        assert_eq!(Timestamp::from_seconds(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_micros(1_500_999).to_string(), "1970-01-01T00:00:01.500Z");
        assert_eq!("1970-01-01T00:00:01.5+00:00".parse(), Ok(Timestamp::from_micros(1_500_000)));
    }

    #[test]
    fn arithmetic_saturates() {
        let end = Timestamp::from_micros(i64::MAX);
        assert_eq!(end.plus(Duration::from_secs(1)), end);
        assert_eq!(Timestamp::from_seconds(1).since(Timestamp::from_seconds(2)), Duration::ZERO);
        assert!(!end.to_string().is_empty());
    }
}
