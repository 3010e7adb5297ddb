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
