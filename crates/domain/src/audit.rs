//! What the audit trail says of a change, a sign-in or a refusal, and how each record is chained to the one before it.
//!
//! A record never holds a secret: names and ids of who, what and where, the names of attributes that changed and the name
//! of a check that refused, but no values. The chain is a keyed hash (HMAC under the master key) over the record, its
//! number in the stripe and the hash of its predecessor: whoever can write to the database but has not the key cannot
//! change, insert, reorder or take away a record without the chain showing it.

use std::borrow::Cow;

use obol_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use crate::seal::MasterKey;

/// The longest text of a record, in bytes; what is longer is cut.
const LONGEST: usize = 512;
/// The hash that the first record of a stripe follows.
pub const GENESIS: [u8; 32] = [0; 32];

/// How it ended; the last part of an event's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused, or failed.
    Failure,
}

impl Outcome {
    /// As an event's id ends.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

/// What kind of thing acts or is acted on, as `actorType` and `adminResourceType` spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A user.
    User,
    /// An application, or a client that acts for itself.
    App,
    /// An app role.
    AppRole,
    /// A grant of one.
    Grant,
    /// A group.
    Group,
    /// An API key of a user.
    ApiKey,
    /// A password policy.
    PasswordPolicy,
    /// The stripe's settings.
    Settings,
    /// A sign-in session.
    Session,
    /// A token.
    Token,
    /// A second factor of a user.
    Factor,
    /// A signing key or certificate.
    Key,
    /// Nobody who is known: a stranger, or the service itself.
    Unknown,
}

/// Somebody or something by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// What it is.
    pub kind: Kind,
    /// Its SCIM id; empty where there is none.
    pub id: String,
    /// Its name; empty where it is not known. What a stranger typed is not a name.
    pub name: String,
}

impl Party {
    /// Somebody or something.
    pub fn new(kind: Kind, id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind, id: cut(id.into()), name: cut(name.into()) }
    }

    /// Nobody who is known.
    pub const fn nobody() -> Self {
        Self { kind: Kind::Unknown, id: String::new(), name: String::new() }
    }
}

/// In which request it happened, and at whose will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// The request's id, as the answer carries it.
    pub ec_id: String,
    /// Who asked for it.
    pub actor: Party,
    /// The client id of the application that the request came through, if it named one that is known.
    pub client: Option<String>,
    /// The address that the request came from, where it is known.
    pub client_ip: Option<String>,
}

impl Cause {
    /// A request whose sender is not known yet.
    pub fn request(ec_id: impl Into<String>) -> Self {
        Self { ec_id: ec_id.into(), actor: Party::nobody(), client: None, client_ip: None }
    }

    /// The same request, sent by somebody.
    #[must_use]
    pub fn by(mut self, actor: Party) -> Self {
        self.actor = actor;
        self
    }

    /// The same request, through a client.
    #[must_use]
    pub fn through(mut self, client_id: impl Into<String>) -> Self {
        self.client = Some(cut(client_id.into()));
        self
    }

    /// The same request, from an address.
    #[must_use]
    pub fn from_address(mut self, address: Option<String>) -> Self {
        self.client_ip = address;
        self
    }
}

/// One record of the trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// What happened, e.g. `admin.user.create.success`.
    pub event_id: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When.
    pub timestamp: Timestamp,
    /// In which request, and by whom.
    #[serde(flatten)]
    pub cause: Cause,
    /// What it was done to.
    pub target: Option<Party>,
    /// The names of the attributes that changed.
    pub changed: Vec<String>,
    /// More about it, e.g. the check that refused.
    pub message: String,
}

impl Event {
    /// A record of what happened: `name` is the event's id without its outcome, e.g. `admin.user.create`.
    pub fn new(name: &'static str, outcome: Outcome, cause: Cause, timestamp: Timestamp) -> Self {
        Self {
            event_id: format!("{name}.{}", outcome.as_str()),
            outcome,
            timestamp,
            cause,
            target: None,
            changed: Vec::new(),
            message: String::new(),
        }
    }

    /// What it was done to.
    #[must_use]
    pub fn on(mut self, target: Party) -> Self {
        self.target = Some(target);
        self
    }

    /// Which attributes changed; never their values.
    #[must_use]
    pub fn changing(mut self, attributes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.changed = attributes.into_iter().map(|name| cut(name.into())).take(100).collect();
        self
    }

    /// More about it, without a secret and without what a stranger wrote.
    #[must_use]
    pub fn saying(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = cut(message.into().into_owned());
        self
    }
}

/// The hash of a record at its place in the chain of a stripe. `record` is its JSON exactly as it is kept.
pub fn chain(master: &MasterKey, stripe: &str, number: i64, before: &[u8], record: &str) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(64 + stripe.len() + record.len());
    for part in [stripe.as_bytes(), &number.to_be_bytes(), before, record.as_bytes()] {
        // Each part with its length, so that no two chains of parts are the same bytes.
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    master.keyed_hash("audit record", &bytes)
}

/// What holds the two ends of a stripe's chain: where it begins after old records were taken away, and where it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ends {
    /// The number of the last record that was taken away; zero when none was.
    pub first_after: i64,
    /// Its hash, which the first kept record follows.
    pub first_before: Vec<u8>,
    /// The number of the last record; zero when there is none.
    pub last: i64,
    /// Its hash.
    pub last_hash: Vec<u8>,
}

impl Ends {
    /// The chain of a stripe that has no record yet.
    pub fn empty() -> Self {
        Self { first_after: 0, first_before: GENESIS.to_vec(), last: 0, last_hash: GENESIS.to_vec() }
    }

    /// The hash that is kept beside the two ends.
    pub fn seal(&self, master: &MasterKey, stripe: &str) -> [u8; 32] {
        let record = format!("ends {}", self.last);
        let begin = chain(master, stripe, self.first_after, &self.first_before, "begin");
        let both: Vec<u8> = begin.iter().chain(&self.last_hash).copied().collect();
        chain(master, stripe, self.last, &both, &record)
    }
}

/// Where a chain does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The row that holds the ends of the chain was changed.
    #[error("the ends of the chain were changed")]
    Ends,
    /// A record is missing, or there is one too many.
    #[error("record {expected} is missing")]
    Missing {
        /// The number that should have come.
        expected: i64,
    },
    /// A record was changed, or stands in another's place.
    #[error("record {number} was changed")]
    Changed {
        /// Its number.
        number: i64,
    },
}

/// Follows a chain record by record, so that a long one need not be held in memory.
#[derive(Debug)]
pub struct Follower<'a> {
    master: &'a MasterKey,
    stripe: &'a str,
    ends: &'a Ends,
    number: i64,
    hash: Vec<u8>,
}

impl<'a> Follower<'a> {
    /// Begins at the first record that is kept, if the ends are what was sealed.
    ///
    /// # Errors
    ///
    /// [`Broken::Ends`]
    pub fn begin(master: &'a MasterKey, stripe: &'a str, ends: &'a Ends, seal: &[u8]) -> Result<Self, Broken> {
        use subtle::ConstantTimeEq;
        if !bool::from(ends.seal(master, stripe).ct_eq(seal)) {
            return Err(Broken::Ends);
        }
        Ok(Self { master, stripe, ends, number: ends.first_after, hash: ends.first_before.clone() })
    }

    /// The next record, in the order of numbers.
    ///
    /// # Errors
    ///
    /// [`Broken`]
    pub fn next(&mut self, number: i64, record: &str, hash: &[u8]) -> Result<(), Broken> {
        let expected = self.number.saturating_add(1);
        if number != expected {
            return Err(Broken::Missing { expected });
        }
        if chain(self.master, self.stripe, number, &self.hash, record) != *hash {
            return Err(Broken::Changed { number });
        }
        self.number = number;
        self.hash = hash.to_vec();
        Ok(())
    }

    /// Ends at the last record. Returns how many there were.
    ///
    /// # Errors
    ///
    /// [`Broken::Missing`] when the chain goes on.
    pub fn end(self) -> Result<i64, Broken> {
        if self.number != self.ends.last || self.hash != self.ends.last_hash {
            return Err(Broken::Missing { expected: self.number.saturating_add(1) });
        }
        Ok(self.number - self.ends.first_after)
    }
}

fn cut(text: String) -> String {
    if text.len() <= LONGEST {
        return text;
    }
    let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master() -> MasterKey {
        MasterKey::new(&[7; 32]).unwrap()
    }

    type Record = (i64, String, Vec<u8>);

    /// A chain of so many records.
    fn chained(count: i64) -> (Ends, Vec<Record>) {
        let mut ends = Ends::empty();
        let mut records = Vec::new();
        for number in 1..=count {
            let record = format!("record {number}");
            let hash = chain(&master(), "s", number, &ends.last_hash, &record).to_vec();
            ends = Ends { last: number, last_hash: hash.clone(), ..ends };
            records.push((number, record, hash));
        }
        (ends, records)
    }

    fn follow(ends: &Ends, records: &[Record]) -> Result<i64, Broken> {
        let master = master();
        let seal = ends.seal(&master, "s");
        let mut follower = Follower::begin(&master, "s", ends, &seal)?;
        for (number, record, hash) in records {
            follower.next(*number, record, hash)?;
        }
        follower.end()
    }

    #[test]
    fn a_chain_that_nobody_touched_holds() {
        let (ends, records) = chained(5);
        assert_eq!(follow(&ends, &records), Ok(5));
        assert_eq!(follow(&Ends::empty(), &[]), Ok(0));
    }

    #[test]
    fn a_chain_whose_beginning_was_taken_away_as_agreed_still_holds() {
        let (ends, records) = chained(5);
        let (number, _, hash) = records[1].clone();
        let ends = Ends { first_after: number, first_before: hash, ..ends };
        assert_eq!(follow(&ends, &records[2..]), Ok(3));
        assert_eq!(follow(&ends, &records[3..]), Err(Broken::Missing { expected: 3 }));
    }

    #[test]
    fn a_record_that_was_changed_moved_inserted_or_taken_away_shows() {
        let (ends, records) = chained(4);
        let with = |change: fn(&mut Vec<Record>)| {
            let mut records = records.clone();
            change(&mut records);
            follow(&ends, &records)
        };
        assert_eq!(with(|r| r[1].1.push('x')), Err(Broken::Changed { number: 2 }));
        assert_eq!(with(|r| r[1].2[0] ^= 1), Err(Broken::Changed { number: 2 }));
        assert_eq!(with(|r| drop(r.remove(0))), Err(Broken::Missing { expected: 1 }));
        assert_eq!(with(|r| drop(r.remove(2))), Err(Broken::Missing { expected: 3 }));
        assert_eq!(with(|r| drop(r.pop())), Err(Broken::Missing { expected: 4 }));
        assert_eq!(with(|r| r.swap(1, 2)), Err(Broken::Missing { expected: 2 }));
        let swapped = with(|r| {
            let (second, third) = (r[1].1.clone(), r[2].1.clone());
            r[1].1 = third;
            r[2].1 = second;
        });
        assert_eq!(swapped, Err(Broken::Changed { number: 2 }));
        let added = with(|r| r.push((5, "record 5".into(), vec![0; 32])));
        assert_eq!(added, Err(Broken::Changed { number: 5 }));
    }

    #[test]
    fn ends_that_were_changed_show() {
        let (ends, _) = chained(2);
        let master = master();
        let seal = ends.seal(&master, "s");
        for changed in [
            Ends { last: 1, ..ends.clone() },
            Ends { last_hash: vec![1; 32], ..ends.clone() },
            Ends { first_after: 1, ..ends.clone() },
            Ends { first_before: vec![1; 32], ..ends.clone() },
        ] {
            assert_eq!(Follower::begin(&master, "s", &changed, &seal).unwrap_err(), Broken::Ends);
        }
        assert_eq!(Follower::begin(&master, "other", &ends, &seal).unwrap_err(), Broken::Ends);
        let other = MasterKey::new(&[8; 32]).unwrap();
        assert_eq!(Follower::begin(&other, "s", &ends, &seal).unwrap_err(), Broken::Ends);
    }

    #[test]
    fn the_hash_depends_on_stripe_number_predecessor_and_record() {
        let hash = |stripe, number, before: &[u8], record| chain(&master(), stripe, number, before, record);
        let one = hash("s", 1, &GENESIS, "r");
        assert_ne!(one, hash("t", 1, &GENESIS, "r"));
        assert_ne!(one, hash("s", 2, &GENESIS, "r"));
        assert_ne!(one, hash("s", 1, &[1; 32], "r"));
        assert_ne!(one, hash("s", 1, &GENESIS, "R"));
    }

    #[test]
    fn an_event_is_named_after_its_outcome_and_long_text_is_cut() {
        let cause = Cause::request("ecid").by(Party::new(Kind::User, "u", "é".repeat(600))).through("client");
        let event = Event::new("admin.user.create", Outcome::Failure, cause, Timestamp::from_seconds(1))
            .on(Party::new(Kind::User, "u", "name"))
            .changing(["active"])
            .saying("user_known");
        assert_eq!(event.event_id, "admin.user.create.failure");
        assert!(event.cause.actor.name.len() <= LONGEST);
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }
}
