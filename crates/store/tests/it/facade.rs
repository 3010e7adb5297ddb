//! The facade itself: transactions, errors, and what it keeps in its own two tables.

use obol_domain::Explanation;
use obol_protocol::Timestamp;
use obol_store::{
    Db, OpenError, Statement, StoreError, explanations, explanations::Recorder, meta, open::Claim, values,
};

on_each_engine!(a_dropped_transaction_rolls_back, |db| async move {
    let mut tx = db.begin().await.unwrap();
    meta::set(&mut tx, "kept", "no").await.unwrap();
    drop(tx);
    assert_eq!(meta::get(&db, "kept").await.unwrap(), None);
});

on_each_engine!(a_committed_value_is_replaced_by_the_next, |db| async move {
    for value in ["one", "two"] {
        let mut tx = db.begin().await.unwrap();
        meta::set(&mut tx, "name", value).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(meta::get(&db, "name").await.unwrap().as_deref(), Some("two"));
});

on_each_engine!(a_second_row_of_the_same_key_is_a_duplicate, |db| async move {
    let insert = Statement::new("meta", "INSERT INTO meta (name, value) VALUES ($1, $2)");
    db.execute(&insert, values!["name", "one"]).await.unwrap();
    let error = db.execute(&insert, values!["name", "two"]).await.unwrap_err();
    assert!(matches!(&error, StoreError::Duplicate { what } if what.contains("meta")), "{error:?}");
});

on_each_engine!(an_unreadable_row_names_table_column_and_key, |db| async move {
    let insert = Statement::new("meta", "INSERT INTO meta (name, value) VALUES ($1, $2)");
    db.execute(&insert, values!["name", "not json"]).await.unwrap();
    let select = Statement::new("meta", "SELECT name, value FROM meta");
    let row = db.fetch_optional(&select, values![]).await.unwrap().unwrap();
    let error = row.json::<Vec<String>>("value").unwrap_err();
    assert_eq!(error.to_string(), "the row name of meta has an unreadable value");
});

on_each_engine!(an_explanation_is_found_by_its_id_and_by_the_clients_part, |db| async move {
    let (recorder, writer) = Recorder::start(db.clone());
    let now = Timestamp::from_seconds(1_000_000);
    let explanation = Explanation::new("check", "this", "that", "do");
    recorder.record("A/B/C", explanation.clone(), now);
    recorder.record("AB", explanation.clone(), now);
    recorder.flush().await;
    for id in ["A/B/C", "A"] {
        let found = explanations::find(&db, id).await.unwrap();
        assert_eq!(found.len(), 1, "{id}");
        assert_eq!(found[0].explanation, explanation);
        assert_eq!(found[0].request_id, "A/B/C");
    }
    assert_eq!(explanations::find(&db, "B").await.unwrap(), []);
    drop(recorder);
    writer.await.unwrap();
});

on_each_engine!(explanations_are_forgotten_after_their_retention, |db| async move {
    let (recorder, _writer) = Recorder::start(db.clone());
    let old = Timestamp::from_seconds(1_000_000);
    recorder.record("old", Explanation::new("check", "", "", ""), old);
    recorder.flush().await;
    let later = old.plus(explanations::RETENTION).plus(std::time::Duration::from_secs(1));
    for index in 0..500 {
        recorder.record(&format!("new{index}"), Explanation::new("check", "", "", ""), later);
    }
    recorder.flush().await;
    assert!(explanations::find(&db, "old").await.unwrap().is_empty());
    assert_eq!(explanations::find(&db, "new0").await.unwrap().len(), 1);
});

on_each_engine!(a_flood_of_refusals_does_not_grow_the_record_without_end, |db| async move {
    let flood = Statement::new(
        "explanations",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100600)
         INSERT INTO explanations (request_id, recorded_at, check_name, expected, seen, fix)
         SELECT 'flood', $1, '', '', '', '' FROM n",
    );
    let now = Timestamp::from_seconds(1_000_000);
    db.execute(&flood, values![now]).await.unwrap();
    let (recorder, _writer) = Recorder::start(db.clone());
    for _ in 0..1000 {
        recorder.record("more", Explanation::new("check", "", "", ""), now);
    }
    recorder.flush().await;
    let count = Statement::new("explanations", "SELECT COUNT(*) AS kept FROM explanations");
    let kept: i64 = db.fetch_optional(&count, values![]).await.unwrap().unwrap().get("kept").unwrap();
    assert!((100_000..=100_500).contains(&kept), "{kept} are kept");
});

on_each_engine!(no_id_holds_a_nul, |db| async move {
    assert_eq!(explanations::find(&db, "a\0").await.unwrap(), []);
});

#[tokio::test]
async fn a_database_that_cannot_be_opened_says_where() {
    let error = Db::open("/dev/null/obol.db").await.unwrap_err();
    assert!(error.to_string().contains("/dev/null/obol.db"), "{error}");
    let error = Db::open("postgres://someone:canary@127.0.0.1:1/none").await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
    assert!(!error.to_string().contains("canary"));
    assert!(matches!(Db::open("mysql://x").await, Err(OpenError::Url)));
    for mode in ["require", "verify-ca", "verify-full"] {
        let url = format!("postgres://someone@127.0.0.1:1/none?sslmode={mode}");
        assert!(matches!(Db::open(&url).await, Err(OpenError::Tls)), "{mode} is not quietly ignored");
    }
}

#[tokio::test]
async fn a_database_opens_again_with_what_was_written() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("obol.db");
    for round in 0..2 {
        let db = Db::open(file.to_str().unwrap()).await.unwrap();
        if round == 0 {
            let mut tx = db.begin().await.unwrap();
            meta::set(&mut tx, "name", "value").await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(meta::get(&db, "name").await.unwrap().as_deref(), Some("value"));
        db.close().await;
    }
}

#[tokio::test]
async fn an_erased_file_starts_empty() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("obol.db").to_str().unwrap().to_owned();
    Db::erase(&file).await.unwrap();
    let db = Db::open(&file).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    meta::set(&mut tx, "name", "value").await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    Db::erase(&file).await.unwrap();
    assert_eq!(meta::get(&Db::open(&file).await.unwrap(), "name").await.unwrap(), None);
}

#[cfg(feature = "postgres-tests")]
#[tokio::test]
async fn an_erased_server_database_starts_empty() {
    let scratch = obol_testkit::Scratch::postgres().await;
    let mut tx = scratch.db.begin().await.unwrap();
    meta::set(&mut tx, "name", "value").await.unwrap();
    tx.commit().await.unwrap();
    scratch.db.close().await;
    Db::erase(&scratch.url).await.unwrap();
    assert_eq!(meta::get(&Db::open(&scratch.url).await.unwrap(), "name").await.unwrap(), None);
}

#[tokio::test]
async fn somebody_elses_file_is_neither_opened_nor_erased() {
    let directory = tempfile::tempdir().unwrap();
    let text = directory.path().join("thesis.txt").to_str().unwrap().to_owned();
    std::fs::write(&text, "years of work").unwrap();
    let foreign = directory.path().join("foreign.db").to_str().unwrap().to_owned();
    let connection = rusqlite::Connection::open(&foreign).unwrap();
    connection.execute_batch("CREATE TABLE customers (id INTEGER)").unwrap();
    drop(connection);
    for file in [text, foreign] {
        let before = std::fs::read(&file).unwrap();
        assert!(matches!(Db::open(&file).await, Err(OpenError::Foreign { .. })), "{file}");
        assert!(matches!(Db::erase(&file).await, Err(OpenError::Foreign { .. })), "{file}");
        assert_eq!(std::fs::read(&file).unwrap(), before, "{file} is as it was");
    }
}

#[cfg(feature = "postgres-tests")]
#[tokio::test]
async fn somebody_elses_tables_are_neither_migrated_nor_erased() {
    let scratch = obol_testkit::Scratch::postgres().await;
    scratch.db.close().await;
    Db::erase(&scratch.url).await.unwrap();
    let psql = |sql: &str| {
        let output = std::process::Command::new("psql").args([&scratch.url, "-qAtc", sql]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    psql("CREATE TABLE users (precious TEXT); INSERT INTO users VALUES ('years of work')");
    assert!(matches!(Db::open(&scratch.url).await, Err(OpenError::Foreign { .. })));
    assert!(matches!(Db::erase(&scratch.url).await, Err(OpenError::Foreign { .. })));
    assert_eq!(psql("SELECT precious FROM users"), "years of work\n");
    assert_eq!(psql("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"), "1\n");
}

async fn is_claimed_once(url: &str) {
    let first = Claim::take(url).await.unwrap();
    assert!(matches!(Claim::take(url).await, Err(OpenError::InUse { .. })));
    drop(first);
    Claim::take(url).await.unwrap();
}

#[tokio::test]
async fn a_file_is_claimed_by_one_at_a_time() {
    let scratch = obol_testkit::Scratch::sqlite().await;
    is_claimed_once(&scratch.url).await;
}

#[cfg(feature = "postgres-tests")]
#[tokio::test]
async fn a_server_database_is_claimed_by_one_at_a_time() {
    let scratch = obol_testkit::Scratch::postgres().await;
    is_claimed_once(&scratch.url).await;
}
