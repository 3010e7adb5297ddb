//! Reading the audit trails of a database from outside of a server, whether one runs on it or not: `obol audit`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use obol_domain::{
    audit::{Broken, Event},
    entropy::hex,
};
use obol_store::{Db, OpenError, StoreError, audit, stripes};
use serde::Serialize;

use crate::master_key;

/// Which trails.
#[derive(Debug, Clone)]
pub struct Source {
    /// A SQLite file or `postgres://…`.
    pub database_url: String,
    /// The file with the master key that the database was made with.
    pub master_key_file: PathBuf,
    /// One stripe; without it all of them.
    pub stripe: Option<String>,
}

/// Why no trail could be read.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// There is no such database file.
    #[error("there is no database in {}", .0.display())]
    NoDatabase(PathBuf),
    /// The file with the master key cannot be read.
    #[error("the master key {} cannot be read: {}", path.display(), source.kind())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file holds no master key, or another one than the database was made with.
    #[error("the master key in {} is not this database's", .0.display())]
    WrongKey(PathBuf),
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database answered with an error.
    #[error("the database cannot be read")]
    Store(#[from] StoreError),
    /// There is no such stripe.
    #[error("there is no stripe {0}")]
    UnknownStripe(String),
}

impl AuditError {
    /// What whoever ran the command can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoDatabase(_) => "name the database with --database-url, or the data directory with --data-dir",
            Self::KeyFile { .. } | Self::WrongKey(_) => {
                "name the master.key that was made with the database with --master-key-file"
            }
            Self::Open(error) => error.hint(),
            Self::Store(_) => "check the database",
            Self::UnknownStripe(_) => "leave --stripe out to read all of them",
        }
    }
}

/// One stripe's trail, followed to its end or to where it breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The stripe.
    pub stripe: String,
    /// How many records it has, or where it breaks.
    pub outcome: Result<i64, Broken>,
}

/// A record as it is exported, one to a line.
#[derive(Serialize)]
struct Line<'a> {
    stripe: &'a str,
    number: i64,
    id: &'a str,
    hash: String,
    event: Option<Event>,
}

/// Follows the trails and gives each record to `each` as a line of JSON.
///
/// # Errors
///
/// [`AuditError`]; a trail that breaks is none, but an outcome.
pub async fn follow(source: &Source, mut each: impl FnMut(String)) -> Result<Vec<Followed>, AuditError> {
    let db = open(&source.database_url).await?;
    let key_file = || source.master_key_file.clone();
    let text = fs::read_to_string(&source.master_key_file)
        .map_err(|error| AuditError::KeyFile { path: key_file(), source: error })?;
    let master = master_key::read(&text).ok_or_else(|| AuditError::WrongKey(key_file()))?;
    if !master_key::is_proven(&db, &master).await? {
        return Err(AuditError::WrongKey(key_file()));
    }
    let names: Vec<String> = stripes::versions(&db).await?.into_iter().map(|(name, _)| name).collect();
    let names = match &source.stripe {
        Some(stripe) if !names.contains(stripe) => return Err(AuditError::UnknownStripe(stripe.clone())),
        Some(stripe) => vec![stripe.clone()],
        None => names,
    };
    let mut followed = Vec::new();
    for stripe in names {
        let outcome = audit::follow(&db, &master, &stripe, |kept| each(line(&stripe, kept))).await?;
        followed.push(Followed { stripe, outcome });
    }
    db.close().await;
    Ok(followed)
}

fn line(stripe: &str, kept: &audit::Kept) -> String {
    // None is what somebody put there instead; the members stand in the order in which they were hashed.
    let event = serde_json::from_str(&kept.record).ok();
    let line = Line { stripe, number: kept.number, id: &kept.id, hash: hex(&kept.hash), event };
    serde_json::to_string(&line).unwrap_or_default()
}

/// Opens what is there; a file that is not there must not be made.
async fn open(url: &str) -> Result<Db, AuditError> {
    let file = url.strip_prefix("sqlite:").unwrap_or(url);
    if !url.starts_with("postgres") && !Path::new(file).is_file() {
        return Err(AuditError::NoDatabase(PathBuf::from(file)));
    }
    Ok(Db::open(url).await?)
}

#[cfg(test)]
mod tests {
    use obol_domain::{
        audit::{Cause, Outcome},
        seal::MasterKey,
    };
    use obol_protocol::Timestamp;
    use obol_store::tenancies::{self, Tenancy};

    use super::*;

    const KEY: [u8; 32] = [7; 32];

    /// A database with a stripe whose trail has two records, and its key.
    async fn source(directory: &Path) -> Source {
        let file = directory.join("obol.db");
        let db = Db::open(file.to_str().unwrap()).await.unwrap();
        let (master, now) = (MasterKey::new(&KEY).unwrap(), Timestamp::from_seconds(1));
        master_key::keep(&db, &master).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let tenancy = Tenancy { id: "t".into(), name: "t".into(), home_region: "us-ashburn-1".into(), created_at: now };
        tenancies::insert(&mut tx, &tenancy).await.unwrap();
        let provisioning =
            obol_identity::provisioning::Provisioning { entropy: &crate::entropy::SystemEntropy, master: &master, now };
        let new = obol_identity::provisioning::NewStripe {
            name: Some("idcs-1".into()),
            tenancy_id: "t".into(),
            cloud_account_name: "acme".into(),
            domain_name: "Default".into(),
            home_region: "us-ashburn-1".into(),
        };
        let stripe = provisioning.stripe(&mut tx, &new).await.unwrap();
        let event = |name| Event::new(name, Outcome::Success, Cause::request("ecid"), now);
        audit::append(&mut tx, &master, &stripe, &[event("a"), event("b")]).await.unwrap();
        tx.commit().await.unwrap();
        db.close().await;
        let key_file = directory.join("master.key");
        fs::write(&key_file, hex(&KEY)).unwrap();
        Source { database_url: file.display().to_string(), master_key_file: key_file, stripe: None }
    }

    #[tokio::test]
    async fn a_trail_is_exported_line_by_line_and_verified() {
        let directory = tempfile::tempdir().unwrap();
        let source = source(directory.path()).await;
        let mut lines = Vec::new();
        let followed = follow(&source, |line| lines.push(line)).await.unwrap();
        assert_eq!(followed, [Followed { stripe: "idcs-1".into(), outcome: Ok(2) }]);
        let first: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!((first["number"].as_i64(), first["event"]["eventId"].as_str()), (Some(1), Some("a.success")));
        assert_eq!(lines.len(), 2);
    }

    #[tokio::test]
    async fn a_trail_that_was_changed_is_told_with_the_record() {
        let directory = tempfile::tempdir().unwrap();
        let source = source(directory.path()).await;
        let db = Db::open(&source.database_url).await.unwrap();
        let sql = "UPDATE audit_events SET record = REPLACE(record, 'a.success', 'c.success') WHERE number = 1";
        db.execute(&obol_store::Statement::new("audit_events", sql), vec![]).await.unwrap();
        let followed = follow(&source, drop).await.unwrap();
        assert_eq!(followed[0].outcome, Err(Broken::Changed { number: 1 }));
    }

    #[tokio::test]
    async fn another_key_no_key_no_database_and_no_stripe_are_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let good = source(directory.path()).await;
        let missing = Source { master_key_file: directory.path().join("none"), ..good.clone() };
        assert!(matches!(follow(&missing, drop).await, Err(AuditError::KeyFile { .. })));
        let nowhere = Source { database_url: directory.path().join("none").display().to_string(), ..good.clone() };
        assert!(matches!(follow(&nowhere, drop).await, Err(AuditError::NoDatabase(_))));
        assert!(!directory.path().join("none").exists(), "nothing is made");
        let other = Source { stripe: Some("idcs-2".into()), ..good.clone() };
        assert!(matches!(follow(&other, drop).await, Err(AuditError::UnknownStripe(_))));
        for wrong in [hex(&[8; 32]), "x".into()] {
            fs::write(&good.master_key_file, wrong).unwrap();
            assert!(matches!(follow(&good, drop).await, Err(AuditError::WrongKey(_))));
        }
    }
}
