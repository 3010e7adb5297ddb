//! Lists: filters, order, pages.

use serde_json::json;

use super::support::Office;

async fn crowd(office: &Office, names: &[&str]) {
    for name in names {
        office.add_user(name).await;
    }
}

// Contract identity 6.1: the members of the answer, in their order.
#[tokio::test]
async fn a_list_has_the_products_form() {
    let office = Office::new().await;
    let response = office
        .world
        .send(super::support::request("GET", "/admin/v1/Users?filter=userName eq \"x\"", &office.token, None))
        .await;
    assert_eq!(
        crate::testing::body_of(response).await,
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[],"startIndex":1,"itemsPerPage":50}"#
    );
}

// Contract identity 6.3: the official command line follows opc-next-page, without startIndex and count.
#[tokio::test]
async fn pages_follow_one_another_and_neither_repeat_nor_leave_out() {
    let office = Office::new().await;
    crowd(&office, &["d", "B", "a", "C", "e"]).await;
    for (order, expected) in
        [("ascending", "a admin@example.com B C d e"), ("DESCENDING", "e d C B admin@example.com a")]
    {
        let (mut page, mut seen, mut rounds) = (String::new(), Vec::new(), 0);
        loop {
            let reply = office.get(&format!("/Users?sortBy=userName&sortOrder={order}&count=2{page}")).await.ok(200);
            assert_eq!(reply.body["totalResults"], 6);
            assert_eq!(reply.body["startIndex"], 1 + 2 * rounds);
            seen.extend(reply.names("userName").into_iter().map(str::to_owned));
            rounds += 1;
            match reply.header("opc-next-page") {
                "" => break,
                token => page = format!("&page={token}"),
            }
        }
        assert_eq!(rounds, 3);
        assert_eq!(seen.join(" "), expected);
    }
}

// Contract identity 6.1: startIndex and count.
#[tokio::test]
async fn start_and_count_are_taken_within_their_bounds() {
    let office = Office::new().await;
    crowd(&office, &["a", "b", "c"]).await;
    let list = async |query: &str| {
        let reply = office.get(&format!("/Users?sortBy=userName&{query}")).await.ok(200);
        let names = reply.names("userName").join(" ");
        (
            names,
            reply.body["totalResults"].as_i64().unwrap(),
            reply.body["startIndex"].as_i64().unwrap(),
            reply.body["itemsPerPage"].as_i64().unwrap(),
        )
    };
    assert_eq!(list("startIndex=3&count=1").await, ("b".into(), 4, 3, 1));
    assert_eq!(list("startIndex=0&count=-1").await, ("a admin@example.com b c".into(), 4, 1, 50));
    assert_eq!(list("startIndex=-5&count=5000").await, ("a admin@example.com b c".into(), 4, 1, 1000));
    assert_eq!(list("startIndex=99").await, (String::new(), 4, 99, 50));
    assert_eq!(list("count=0").await, (String::new(), 4, 1, 0));
    assert_eq!(list("limit=2").await, ("a admin@example.com".into(), 4, 1, 2));
}

#[tokio::test]
async fn users_are_found_by_what_they_have() {
    let office = Office::new().await;
    crowd(&office, &["Grace", "zoë"]).await;
    let found = async |filter: &str| {
        let reply = office.get(&format!("/Users?sortBy=userName&filter={filter}")).await.ok(200);
        reply.names("userName").join(" ")
    };
    for (filter, expected) in [
        ("userName eq \"GRACE\"", "Grace"),
        ("userName sw \"g\" or userName sw \"z\"", "Grace zoë"),
        ("USERNAME ne \"grace\" and not (userName sw \"admin\")", "zoë"),
        ("userName co \"_\"", ""),
        ("emails.value eq \"GRACE@example.com\"", "Grace"),
        ("emails[type eq \"work\" and value sw \"grace\"]", "Grace"),
        ("emails[type eq \"home\"]", ""),
        ("name.familyName eq \"hopper\"", "Grace zoë"),
        ("displayName ew \"lovelace\"", "admin@example.com"),
        ("active eq true", "admin@example.com Grace zoë"),
        ("active ne true", ""),
        ("title pr", ""),
        ("meta.created ge \"2026-11-22T12:00:00Z\"", "admin@example.com Grace zoë"),
        ("meta.created gt \"2026-11-22T12:00:00Z\"", ""),
        ("meta.created eq \"2026-11-22T12:00:00.000Z\"", "admin@example.com Grace zoë"),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"grace\"", "Grace"),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"x\"", ""),
        ("id pr", "admin@example.com Grace zoë"),
        ("userName eq \"\\u0000\"", ""),
    ] {
        assert_eq!(found(filter).await, expected, "{filter}");
    }
    let percent = found("userName eq %22zo%C3%AB%22").await;
    assert_eq!(percent, "zoë");
}

// Contract identity 6.1.
#[tokio::test]
async fn a_search_is_a_list_by_body() {
    let office = Office::new().await;
    crowd(&office, &["a", "b", "c"]).await;
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": "userName lt \"b\"", "attributes": ["userName"], "sortBy": "userName", "sortOrder": "DESCENDING",
        "startIndex": 1, "count": 1,
    });
    let found = office.send("POST", "/Users/.search", &body).await.ok(200);
    assert_eq!(found.names("userName"), ["admin@example.com"]);
    assert_eq!(found.body["totalResults"], 2);
    assert!(found.body["Resources"][0].get("name").is_none());
}

// The store's SQL and the meaning of a condition in memory are one.
#[tokio::test]
async fn a_filter_finds_what_it_means_over_whatever_there_is() {
    use obol_protocol::scim::{Condition, Filter, resources::user::USER};
    const ATOMS: [&str; 22] = [
        "userName eq \"B1\"",
        "userName sw \"a\"",
        "userName co \"%\"",
        "userName ew \"1\"",
        "userName gt \"b\"",
        "userName le \"zoë\"",
        "displayName co \"GRA\"",
        "name.givenName pr",
        "name.familyName ne \"hopper\"",
        "active eq true",
        "active eq false",
        "title pr",
        "title ge \"m\"",
        "externalId eq \"X-1\"",
        "externalId sw \"x\"",
        "externalId co \"-\"",
        "externalId ew \"-1\"",
        "emails[type eq \"work\" and value co \"1\"]",
        "emails.type eq \"recovery\"",
        "emails[primary eq true and not (value sw \"a\")]",
        "meta.created lt \"2026-11-22T12:00:01Z\"",
        "id gt \"8\"",
    ];
    let office = Office::new().await;
    for (index, name) in ["a1", "B1", "b2", "zoë", "%", "a_"].into_iter().enumerate() {
        let mut body = super::support::user(name);
        body["emails"][0]["value"] = json!(format!("u{index}@example.com"));
        if index % 2 == 0 {
            body["title"] = json!(["Admiral", "nurse", "Zoologist"][index / 2]);
        } else {
            body["externalId"] = json!(["X-1", "x-1", "y"][index / 2]);
            body["active"] = json!(false);
        }
        office.world.clock.advance(std::time::Duration::from_millis(700));
        office.send("POST", "/Users", &body).await.ok(201);
    }
    let all = office.get("/Users?attributeSets=all").await.ok(200).body;
    let all: Vec<_> =
        all["Resources"].as_array().unwrap().iter().map(|user| user.as_object().unwrap().clone()).collect();
    let seeded = obol_testkit::SeededEntropy::new(11);
    let entropy: &dyn obol_domain::Entropy = &seeded;
    let pick = |most: usize| usize::from(entropy.bytes::<1>()[0]) % most;
    for _ in 0..80 {
        let mut text = ATOMS[pick(ATOMS.len())].to_owned();
        for _ in 0..pick(4) {
            let atom = ATOMS[pick(ATOMS.len())];
            text = match pick(4) {
                0 => format!("({text}) and {atom}"),
                1 => format!("{atom} or {text}"),
                2 => format!("not ({text}) and {atom}"),
                _ => format!("not ({atom} or {text})"),
            };
        }
        let condition = Condition::of(&Filter::parse(&text).unwrap(), &USER).unwrap();
        let mut expected: Vec<_> =
            all.iter().filter(|user| condition.holds(user)).map(|user| user["id"].as_str().unwrap()).collect();
        expected.sort_unstable();
        let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": text});
        let found = office.send("POST", "/Users/.search", &search).await.ok(200);
        assert_eq!(found.names("id"), expected, "{text}");
        assert_eq!(found.body["totalResults"], expected.len(), "{text}");
    }
}
