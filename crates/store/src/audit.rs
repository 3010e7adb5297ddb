//! The audit trail: records that are appended, read, verified and in the end taken away, and never changed.
//!
//! The row in `audit_ends` holds both ends of a stripe's chain. Whoever appends holds that row until the commit, so that
//! any number of nodes make one chain; appending from within a change's transaction therefore orders the changes of a
//! stripe, which are few, and nothing on the way of a token.

use obol_domain::{
    audit::{Broken, Ends, Event, Follower, chain},
    entropy::hex,
    seal::MasterKey,
};
use obol_protocol::{Timestamp, scim::resources::audit_event::AUDIT_EVENT};

use crate::{
    Db, Row, Statement, StoreError, Tx,
    scim::{self, Column, Form, Table},
    values,
};

statements! { "audit_events";
    BEGIN =
        "INSERT INTO audit_ends (stripe, first_after, first_before, last, last_hash, seal)
         VALUES ($1, 0, $2, 0, $2, $3) ON CONFLICT DO NOTHING";
    HOLD =
        "UPDATE audit_ends SET last = last WHERE stripe = $1
         RETURNING stripe, first_after, first_before, last, last_hash, seal";
    ENDS = "SELECT stripe, first_after, first_before, last, last_hash, seal FROM audit_ends WHERE stripe = $1";
    APPEND =
        "INSERT INTO audit_events (stripe, number, id, event_id, occurred_at, ec_id, actor_id, target_id, record, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    MOVE_END = "UPDATE audit_ends SET last = $2, last_hash = $3, seal = $4 WHERE stripe = $1";
    PAGE =
        "SELECT id, number, record, hash FROM audit_events WHERE stripe = $1 AND number > $2 ORDER BY number LIMIT $3";
    BY_ID = "SELECT id, record FROM audit_events WHERE stripe = $1 AND id = $2";
    OF_REQUEST =
        "SELECT id, number, record, hash FROM audit_events WHERE stripe = $1 AND ec_id = $2 ORDER BY number LIMIT 100";
    // The last of the records at the beginning that are all too old: one that was written while a clock stood ahead holds
    // those behind it back until it is old itself.
    OLD =
        "SELECT id, number, hash FROM audit_events
         WHERE stripe = $1 AND number <= $3 AND number < COALESCE(
             (SELECT MIN(number) FROM audit_events WHERE stripe = $1 AND occurred_at >= $2), $3 + 1)
         ORDER BY number DESC LIMIT 1";
    TAKE_AWAY = "DELETE FROM audit_events WHERE stripe = $1 AND number <= $2";
    MOVE_BEGINNING = "UPDATE audit_ends SET first_after = $2, first_before = $3, seal = $4 WHERE stripe = $1";
    // A day has 86400000000 microseconds.
    DUE =
        "SELECT name, audit_retention_days FROM stripes WHERE EXISTS (
             SELECT 1 FROM audit_events WHERE audit_events.stripe = stripes.name
             AND audit_events.occurred_at < $1 - stripes.audit_retention_days * 86400000000)
         ORDER BY name";
    SET_RETENTION = "UPDATE stripes SET audit_retention_days = $2 WHERE name = $1";
}

/// How many records one call of [`forget`] takes away at the most, so that it does not hold the writer up.
const MOST_FORGOTTEN: i64 = 10_000;
/// Records read at a time while a chain is followed.
const PAGE_SIZE: i64 = 1_000;

/// Where records are listed.
pub static LISTED: Table = Table {
    name: "audit_events",
    columns: "t.id, t.record",
    only: "",
    attributes: &[
        Column::sorts("timestamp", "occurred_at", Form::Time),
        Column::filters("id", "id", Form::Exact),
        Column::filters("eventId", "event_id", Form::Exact),
        Column::filters("ecId", "ec_id", Form::Exact),
        Column::filters("actorId", "actor_id", Form::Exact),
        Column::filters("adminResourceId", "target_id", Form::Exact),
    ],
    lists: &[],
};

/// A record of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// What it says.
    pub event: Event,
}

/// Reads a row of [`LISTED`].
pub fn read_listed(row: &Row) -> Result<Listed, StoreError> {
    Ok(Listed { id: row.get("id")?, event: row.json("record")? })
}

/// A record by its id.
pub async fn get(db: &Db, stripe: &str, id: &str) -> Result<Option<Listed>, StoreError> {
    db.fetch_optional(&BY_ID, values![stripe, id]).await?.map(|row| read_listed(&row)).transpose()
}

/// The statements that are put together at run time.
pub(crate) fn built_statements() -> Vec<Statement> {
    scim::samples(&LISTED, &AUDIT_EVENT)
}

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its id, 32 hex digits.
    pub id: String,
    /// Its number in the stripe.
    pub number: i64,
    /// The event as JSON, byte for byte what the hash is over.
    pub record: String,
    /// The keyed hash over it and its predecessor.
    pub hash: Vec<u8>,
}

/// The id under which others find a record: it is made of its hash, so there is one for each.
fn id_of(hash: &[u8]) -> String {
    hex(hash.get(..16).unwrap_or(hash))
}

/// Appends records to a stripe's chain, in the caller's transaction. A stripe that is not there is
/// [`StoreError::Dangling`].
pub async fn append(tx: &mut Tx, master: &MasterKey, stripe: &str, events: &[Event]) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let (mut ends, seal) = hold(tx, master, stripe).await?;
    let was_whole = ends.seal(master, stripe).as_slice() == seal;
    for event in events {
        let record = serde_json::to_string(event).map_err(|_| corrupt("record", stripe))?;
        let number = ends.last.saturating_add(1);
        let hash = chain(master, stripe, number, &ends.last_hash, &record);
        let target = event.target.as_ref().map_or("", |target| target.id.as_str());
        let cause = &event.cause;
        tx.execute(
            &APPEND,
            values![
                stripe,
                number,
                id_of(&hash),
                &event.event_id,
                event.timestamp,
                &cause.ec_id,
                &cause.actor.id,
                target,
                record,
                hash.as_slice()
            ],
        )
        .await?;
        ends = Ends { last: number, last_hash: hash.to_vec(), ..ends };
    }
    // Ends that somebody changed are not sealed again, or the next record would cover the deed.
    let seal = if was_whole { ends.seal(master, stripe).to_vec() } else { seal };
    tx.execute(&MOVE_END, values![stripe, ends.last, ends.last_hash, seal]).await.map(drop)
}

/// The ends of a stripe's chain with their seal, held until the transaction ends.
async fn hold(tx: &mut Tx, master: &MasterKey, stripe: &str) -> Result<(Ends, Vec<u8>), StoreError> {
    if let Some(row) = tx.fetch_optional(&HOLD, values![stripe]).await? {
        return read_ends(&row);
    }
    let ends = Ends::empty();
    tx.execute(&BEGIN, values![stripe, ends.last_hash.as_slice(), ends.seal(master, stripe).as_slice()]).await?;
    let row = tx.fetch_optional(&HOLD, values![stripe]).await?.ok_or_else(|| corrupt("stripe", stripe))?;
    read_ends(&row)
}

/// Records after a number, in the order of numbers, at most `most`.
pub async fn page(db: &Db, stripe: &str, after: i64, most: i64) -> Result<Vec<Kept>, StoreError> {
    db.fetch_all(&PAGE, values![stripe, after, most]).await?.iter().map(read).collect()
}

/// The records of a request, at most 100.
pub async fn of_request(db: &Db, stripe: &str, ec_id: &str) -> Result<Vec<Kept>, StoreError> {
    db.fetch_all(&OF_REQUEST, values![stripe, ec_id]).await?.iter().map(read).collect()
}

/// Follows a stripe's chain from one end to the other, and gives each record to `each`. Returns how many there are, or
/// where the chain breaks; what was appended meanwhile is not looked at.
pub async fn follow(
    db: &Db,
    master: &MasterKey,
    stripe: &str,
    mut each: impl FnMut(&Kept),
) -> Result<Result<i64, Broken>, StoreError> {
    let Some(row) = db.fetch_optional(&ENDS, values![stripe]).await? else {
        let stray = page(db, stripe, 0, 1).await?;
        return Ok(if stray.is_empty() { Ok(0) } else { Err(Broken::Ends) });
    };
    let (ends, seal) = read_ends(&row)?;
    let mut follower = match Follower::begin(master, stripe, &ends, &seal) {
        Ok(follower) => follower,
        Err(broken) => return Ok(Err(broken)),
    };
    let mut after = i64::MIN;
    while after < ends.last {
        let records = page(db, stripe, after, PAGE_SIZE).await?;
        if records.is_empty() {
            break;
        }
        for kept in records.iter().take_while(|kept| kept.number <= ends.last) {
            if let Err(broken) = follower.next(kept.number, &kept.record, &kept.hash) {
                return Ok(Err(broken));
            }
            each(kept);
        }
        after = records.last().map_or(i64::MAX, |kept| kept.number);
    }
    Ok(follower.end())
}

/// Takes away records at the beginning of a stripe's chain that are from before `before`, and moves the beginning. Returns
/// how many; nothing is taken from a chain whose ends do not hold.
pub async fn forget(tx: &mut Tx, master: &MasterKey, stripe: &str, before: Timestamp) -> Result<i64, StoreError> {
    let (ends, seal) = hold(tx, master, stripe).await?;
    if ends.seal(master, stripe).as_slice() != seal {
        return Ok(0);
    }
    let most = ends.first_after.saturating_add(MOST_FORGOTTEN);
    let Some(row) = tx.fetch_optional(&OLD, values![stripe, before, most]).await? else { return Ok(0) };
    let last: i64 = row.get("number")?;
    let moved = Ends { first_after: last, first_before: row.get("hash")?, ..ends.clone() };
    tx.execute(&TAKE_AWAY, values![stripe, last]).await?;
    let seal = moved.seal(master, stripe);
    tx.execute(&MOVE_BEGINNING, values![stripe, last, moved.first_before, seal.as_slice()]).await?;
    Ok(last - ends.first_after)
}

/// The stripes that have records to take away, and for how many days each keeps them.
pub async fn due(db: &Db, now: Timestamp) -> Result<Vec<(String, u32)>, StoreError> {
    let rows = db.fetch_all(&DUE, values![now]).await?;
    let days = |row: &Row| {
        let days: i64 = row.get("audit_retention_days")?;
        u32::try_from(days).map_err(|_| row.corrupt("audit_retention_days"))
    };
    rows.iter().map(|row| Ok((row.get("name")?, days(row)?))).collect()
}

/// Sets for how many days a stripe keeps its records, 1 to 3660. Returns whether the stripe is there.
pub async fn set_retention(tx: &mut Tx, stripe: &str, days: u32) -> Result<bool, StoreError> {
    Ok(tx.execute(&SET_RETENTION, values![stripe, i64::from(days)]).await? == 1)
}

fn corrupt(column: &'static str, key: &str) -> StoreError {
    StoreError::Corrupt { table: "audit_ends", column, key: key.to_owned() }
}

fn read_ends(row: &Row) -> Result<(Ends, Vec<u8>), StoreError> {
    let ends = Ends {
        first_after: row.get("first_after")?,
        first_before: row.get("first_before")?,
        last: row.get("last")?,
        last_hash: row.get("last_hash")?,
    };
    Ok((ends, row.get("seal")?))
}

fn read(row: &Row) -> Result<Kept, StoreError> {
    Ok(Kept { id: row.get("id")?, number: row.get("number")?, record: row.get("record")?, hash: row.get("hash")? })
}
