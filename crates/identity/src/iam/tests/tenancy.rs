//! The tenancy and its regions.

use super::*;

#[tokio::test]
async fn the_tenancy_and_its_home_are_shown() {
    let door = Door::new().await;
    let tenancy = door.get(&format!("/20160918/tenancies/{TENANCY}")).await;
    assert_eq!((&tenancy.body["name"], &tenancy.body["homeRegionKey"]), (&json!("acme"), &json!("IAD")));
    let regions = door.get(&format!("/20160918/tenancies/{TENANCY}/regionSubscriptions")).await;
    let home = json!({ "regionKey": "IAD", "regionName": "us-ashburn-1", "status": "READY", "isHomeRegion": true });
    assert_eq!(regions.body, json!([home]));
    let all = door.call(&door.nobody, Method::GET, "/20160918/regions", &Value::Null, "").await;
    assert!(all.body.as_array().unwrap().contains(&json!({ "key": "FRA", "name": "eu-frankfurt-1" })));
}

#[tokio::test]
async fn another_tenancy_is_not_there() {
    let door = Door::new().await;
    for rest in ["", "/regionSubscriptions"] {
        let answer = door.get(&format!("/20160918/tenancies/{OTHER_TENANCY}{rest}")).await;
        assert_eq!((answer.code(), answer.check.as_str()), (NOT_THERE, "resource_known"));
    }
}

#[tokio::test]
async fn a_statement_lets_others_look_at_the_tenancy() {
    let door = Door::new().await;
    let target = format!("/20160918/tenancies/{TENANCY}");
    let answer = door.call(&door.nobody, Method::GET, &target, &Value::Null, "").await;
    assert_eq!(answer.check, "statement_allows_operation");
    door.policy(TENANCY, "P", &["allow any-user to inspect tenancies in tenancy"]).await;
    assert_eq!(door.call(&door.nobody, Method::GET, &target, &Value::Null, "").await.status, 200);
}
