//! What belongs to an instance: unique names, hosts that only one instance has, pages, and that a second tenancy sees and
//! changes nothing of the first.

use obol_protocol::analytics::{
    InstanceResourceGroup, OperationType, PrivateAccessChannel, VanityUrlDetails,
    enums::Vocabulary as _,
    query::{ResourceGroupSort, SortOrder},
};
use obol_store::{
    Db, Statement, StoreError,
    instance_children::{self, Children},
    private_access_channels::{self, Channel},
    resource_groups::{self, ResourceGroup, ResourceGroupQuery},
    values,
    vanity_urls::{self, SealedCertificate, VanityUrl},
};

use crate::analytics::{ONE, TWO, at, insert, instance, seeded};

async fn two_instances(db: &Db) {
    seeded(db).await;
    insert(db, &instance(ONE, "i1", "one", 1)).await.unwrap();
    insert(db, &instance(ONE, "i2", "two", 2)).await.unwrap();
}

fn channel(key: &str, name: &str, version: i64) -> Channel {
    Channel {
        details: PrivateAccessChannel {
            key: key.into(),
            display_name: name.into(),
            vcn_id: "ocid1.vcn.oc1.phx.aaaa".into(),
            subnet_id: "ocid1.subnet.oc1.phx.aaaa".into(),
            ip_address: "192.0.2.1".into(),
            egress_source_ip_addresses: vec!["192.0.2.2".into()],
            private_source_dns_zones: Vec::new(),
            private_source_scan_hosts: Vec::new(),
            network_security_group_ids: Vec::new(),
        },
        version,
    }
}

fn url(key: &str, host: &str, version: i64) -> VanityUrl {
    VanityUrl {
        details: VanityUrlDetails {
            key: key.into(),
            description: Some("ours".into()),
            urls: vec![format!("https://{host}")],
            hosts: vec![host.into()],
            public_certificate: "PEM".into(),
        },
        version,
    }
}

fn certificate() -> SealedCertificate {
    SealedCertificate { ca_certificate: "PEM".into(), sealed_key: vec![1, 2, 3], not_after: at(9) }
}

fn group(id: &str, name: &str, display_name: Option<&str>, capacity: i64) -> ResourceGroup {
    ResourceGroup {
        details: InstanceResourceGroup {
            id: id.into(),
            resource_name: name.into(),
            display_name: display_name.map(Into::into),
            description: None,
            capacity,
        },
        is_default: name == "default",
        version: 1,
    }
}

async fn put_channel(db: &Db, tenancy_id: &str, instance_id: &str, channel: &Channel) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    private_access_channels::put(&mut tx, tenancy_id, instance_id, channel).await?;
    tx.commit().await
}

async fn put_url(db: &Db, instance_id: &str, url: &VanityUrl) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    vanity_urls::put(&mut tx, ONE, instance_id, url, &certificate()).await?;
    tx.commit().await
}

async fn take(db: &Db, instance_id: &str, key: &str, host: &str) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    vanity_urls::take_host(&mut tx, instance_id, key, host).await?;
    tx.commit().await
}

async fn put_groups(db: &Db, groups: &[ResourceGroup]) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    for group in groups {
        resource_groups::put(&mut tx, ONE, "i1", group).await?;
    }
    tx.commit().await
}

on_each_engine!(a_channel_is_written_again_and_its_name_is_its_own, |db| async move {
    two_instances(&db).await;
    put_channel(&db, ONE, "i1", &channel("k1", "pac", 1)).await.unwrap();
    put_channel(&db, ONE, "i1", &channel("k1", "renamed", 2)).await.unwrap();
    put_channel(&db, ONE, "i1", &channel("k2", "pac", 1)).await.unwrap();
    put_channel(&db, ONE, "i2", &channel("k3", "pac", 1)).await.unwrap();
    let taken = put_channel(&db, ONE, "i1", &channel("k2", "renamed", 2)).await;
    assert!(matches!(taken, Err(StoreError::Duplicate { .. })), "{taken:?}");
    let found = private_access_channels::of(&db, ONE, "i1").await.unwrap();
    assert_eq!(found, [channel("k1", "renamed", 2), channel("k2", "pac", 1)]);
    assert_eq!(private_access_channels::get(&db, ONE, "i2", "k3").await.unwrap(), Some(channel("k3", "pac", 1)));
    assert_eq!(private_access_channels::get(&db, ONE, "i2", "k1").await.unwrap(), None);
});

on_each_engine!(children_go_one_by_one_all_at_once_and_with_their_instance, |db| async move {
    two_instances(&db).await;
    for key in ["k1", "k2"] {
        put_channel(&db, ONE, "i1", &channel(key, key, 1)).await.unwrap();
        take(&db, "i1", key, &format!("{key}.example.com")).await.unwrap();
        put_url(&db, "i1", &url(key, &format!("{key}.example.com"), 1)).await.unwrap();
    }
    put_groups(&db, &[group("k1", "a", None, 1), group("k2", "b", None, 1)]).await.unwrap();
    let count = async || {
        let channels = private_access_channels::of(&db, ONE, "i1").await.unwrap().len();
        let urls = vanity_urls::of(&db, ONE, "i1").await.unwrap().len();
        [channels, urls, resource_groups::of(&db, ONE, "i1").await.unwrap().len()]
    };
    let mut tx = db.begin().await.unwrap();
    private_access_channels::remove(&mut tx, ONE, "i1", "k1").await.unwrap();
    vanity_urls::remove(&mut tx, ONE, "i1", "k1").await.unwrap();
    resource_groups::remove(&mut tx, ONE, "i1", "k1").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count().await, [1, 1, 1]);
    let mut tx = db.begin().await.unwrap();
    private_access_channels::remove_all(&mut tx, ONE, "i1").await.unwrap();
    vanity_urls::remove_all(&mut tx, ONE, "i1").await.unwrap();
    resource_groups::remove_all(&mut tx, ONE, "i1").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count().await, [0, 0, 0]);
    take(&db, "i2", "k9", "k1.example.com").await.unwrap();
    take(&db, "i2", "k9", "k2.example.com").await.unwrap();

    put_channel(&db, ONE, "i1", &channel("k1", "pac", 1)).await.unwrap();
    let gone = Statement::new("instances", "DELETE FROM instances WHERE id = $1");
    db.execute(&gone, values!["i1"]).await.unwrap();
    assert_eq!(count().await, [0, 0, 0]);
});

on_each_engine!(a_host_leads_to_one_instance_of_the_installation, |db| async move {
    two_instances(&db).await;
    insert(&db, &instance(TWO, "i3", "three", 3)).await.unwrap();
    take(&db, "i1", "k1", "a.example.com").await.unwrap();
    put_url(&db, "i1", &url("k1", "a.example.com", 1)).await.unwrap();
    for other in ["i1", "i2", "i3"] {
        let taken = take(&db, other, "k2", "a.example.com").await;
        assert!(matches!(taken, Err(StoreError::Duplicate { .. })), "{other}: {taken:?}");
    }
    take(&db, "i3", "k2", "b.example.com").await.unwrap();
    let mut tx = db.begin().await.unwrap();
    vanity_urls::remove(&mut tx, ONE, "i1", "k1").await.unwrap();
    tx.commit().await.unwrap();
    take(&db, "i3", "k2", "a.example.com").await.unwrap();
});

on_each_engine!(a_host_that_live_work_wants_is_taken_and_free_when_the_work_came_to_nothing, |db| async move {
    two_instances(&db).await;
    let work = Statement::new(
        "work_requests",
        "INSERT INTO work_requests (id, tenancy_id, compartment_id, instance_id, operation_type, workflow_version, status,
            is_unwinding, percent_complete, action_result, version, time_accepted, time_started, time_finished, due_at)
         VALUES ('w1', $1, 'c', 'i1', $2, 1, 'ACCEPTED', FALSE, 0, 'NONE', 1, 1, 0, 0, 1)",
    );
    let operation = OperationType::ALL[0].as_str();
    db.execute(&work, values![ONE, operation]).await.unwrap();
    take(&db, "i1", "k1", "a.example.com").await.unwrap();
    let taken = take(&db, "i2", "k2", "a.example.com").await;
    assert!(matches!(taken, Err(StoreError::Duplicate { .. })), "{taken:?}");
    let finished = Statement::new("work_requests", "UPDATE work_requests SET due_at = NULL WHERE id = $1");
    db.execute(&finished, values!["w1"]).await.unwrap();
    take(&db, "i2", "k2", "a.example.com").await.unwrap();
});

on_each_engine!(a_vanity_url_gets_another_certificate, |db| async move {
    two_instances(&db).await;
    put_url(&db, "i1", &url("k1", "a.example.com", 1)).await.unwrap();
    let mut renewed = url("k1", "a.example.com", 2);
    renewed.details.public_certificate = "another".into();
    put_url(&db, "i1", &renewed).await.unwrap();
    assert_eq!(vanity_urls::of(&db, ONE, "i1").await.unwrap(), [renewed.clone()]);
    assert_eq!(vanity_urls::get(&db, ONE, "i1", "k1").await.unwrap(), Some(renewed));
});

on_each_engine!(groups_are_listed_in_every_order_page_by_page, |db| async move {
    two_instances(&db).await;
    let long = "l".repeat(60);
    let groups = [
        group("g1", "default", Some("b"), 3),
        group("g2", "alpha", None, 1),
        group("g3", "beta", Some("ä"), 2),
        group("g4", &format!("{long}1"), Some("a"), 1),
        group("g5", &format!("{long}0"), Some(&long), 5),
    ];
    put_groups(&db, &groups).await.unwrap();
    let taken = put_groups(&db, &[group("g6", "alpha", None, 1)]).await;
    assert!(matches!(taken, Err(StoreError::Duplicate { .. })), "{taken:?}");
    let by_default = resource_groups::of(&db, ONE, "i1").await.unwrap();
    assert_eq!(by_default[0].details.id, "g1", "the default group comes first");
    for sort in ResourceGroupSort::ALL.iter().map(|sort| Some(*sort)).chain([None]) {
        for order in SortOrder::ALL {
            let mut ids = Vec::new();
            let mut after = None;
            loop {
                let query = ResourceGroupQuery { instance_id: "i1", name: None, sort, order: *order, after, limit: 2 };
                let page = resource_groups::list(&db, ONE, &query).await.unwrap();
                let Some(last) = page.last() else { break };
                after = Some(last.key(sort));
                ids.extend(page.into_iter().map(|group| group.details.id));
            }
            let mut ascending: Vec<&str> = match sort {
                None | Some(ResourceGroupSort::Id | ResourceGroupSort::Status | ResourceGroupSort::Description) => {
                    vec!["g1", "g2", "g3", "g4", "g5"]
                }
                Some(ResourceGroupSort::ResourceName) => vec!["g2", "g3", "g1", "g4", "g5"],
                Some(ResourceGroupSort::DisplayName) => vec!["g2", "g4", "g1", "g5", "g3"],
                Some(ResourceGroupSort::Capacity) => vec!["g2", "g4", "g3", "g1", "g5"],
            };
            if *order == SortOrder::Descending {
                ascending.reverse();
            }
            assert_eq!(ids, ascending, "{sort:?} {order:?}");
        }
    }
    let named = ResourceGroupQuery {
        instance_id: "i1",
        name: Some("beta"),
        sort: None,
        order: SortOrder::Ascending,
        after: None,
        limit: 9,
    };
    assert_eq!(resource_groups::list(&db, ONE, &named).await.unwrap(), [groups[2].clone()]);
});

on_each_engine!(another_tenancy_sees_and_removes_no_children, |db| async move {
    two_instances(&db).await;
    put_channel(&db, ONE, "i1", &channel("k1", "pac", 1)).await.unwrap();
    take(&db, "i1", "k1", "a.example.com").await.unwrap();
    put_url(&db, "i1", &url("k1", "a.example.com", 1)).await.unwrap();
    put_groups(&db, &[group("k1", "a", None, 1)]).await.unwrap();
    assert!(private_access_channels::of(&db, TWO, "i1").await.unwrap().is_empty());
    assert!(private_access_channels::get(&db, TWO, "i1", "k1").await.unwrap().is_none());
    assert!(vanity_urls::of(&db, TWO, "i1").await.unwrap().is_empty());
    assert!(vanity_urls::get(&db, TWO, "i1", "k1").await.unwrap().is_none());
    assert!(resource_groups::of(&db, TWO, "i1").await.unwrap().is_empty());
    assert!(resource_groups::get(&db, TWO, "i1", "k1").await.unwrap().is_none());
    let query = ResourceGroupQuery {
        instance_id: "i1",
        name: None,
        sort: None,
        order: SortOrder::Ascending,
        after: None,
        limit: 9,
    };
    assert!(resource_groups::list(&db, TWO, &query).await.unwrap().is_empty());
    put_channel(&db, TWO, "i1", &channel("k1", "theirs", 9)).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    assert!(private_access_channels::held(&mut tx, TWO, "i1").await.unwrap().is_empty());
    assert!(vanity_urls::held(&mut tx, TWO, "i1").await.unwrap().is_empty());
    assert!(resource_groups::held(&mut tx, TWO, "i1").await.unwrap().is_empty());
    private_access_channels::remove(&mut tx, TWO, "i1", "k1").await.unwrap();
    private_access_channels::remove_all(&mut tx, TWO, "i1").await.unwrap();
    vanity_urls::remove(&mut tx, TWO, "i1", "k1").await.unwrap();
    vanity_urls::remove_all(&mut tx, TWO, "i1").await.unwrap();
    resource_groups::remove(&mut tx, TWO, "i1", "k1").await.unwrap();
    resource_groups::remove_all(&mut tx, TWO, "i1").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(private_access_channels::of(&db, ONE, "i1").await.unwrap(), [channel("k1", "pac", 1)]);
    assert_eq!(vanity_urls::of(&db, ONE, "i1").await.unwrap().len(), 1);
    assert_eq!(resource_groups::of(&db, ONE, "i1").await.unwrap().len(), 1);
    let taken = take(&db, "i2", "k2", "a.example.com").await;
    assert!(matches!(taken, Err(StoreError::Duplicate { .. })), "{taken:?}");
});

on_each_engine!(one_query_finds_what_the_query_of_each_kind_finds, |db| async move {
    two_instances(&db).await;
    assert_eq!(instance_children::of(&db, ONE, "i1").await.unwrap(), Children::default());
    put_channel(&db, ONE, "i1", &channel("k2", "Zeta", 1)).await.unwrap();
    put_channel(&db, ONE, "i1", &channel("k1", "alpha", 2)).await.unwrap();
    put_channel(&db, ONE, "i2", &channel("k3", "other", 1)).await.unwrap();
    put_url(&db, "i1", &url("u2", "b.example.com", 3)).await.unwrap();
    put_url(&db, "i1", &url("u1", "a.example.com", 1)).await.unwrap();
    let named = [("g1", "b", Some("B")), ("g2", "Z", None), ("g3", "é", None), ("g4", "default", None)];
    put_groups(&db, &named.map(|(id, name, shown)| group(id, name, shown, 1))).await.unwrap();
    let together = instance_children::of(&db, ONE, "i1").await.unwrap();
    let apart = Children {
        channels: private_access_channels::of(&db, ONE, "i1").await.unwrap(),
        vanity_urls: vanity_urls::of(&db, ONE, "i1").await.unwrap(),
        groups: resource_groups::of(&db, ONE, "i1").await.unwrap(),
    };
    assert_eq!(together, apart);
    assert_eq!((together.channels.len(), together.vanity_urls.len(), together.groups.len()), (2, 2, 4));
    assert_eq!(together.groups[0].details.id, "g4", "the default group is first");
    assert_eq!(instance_children::of(&db, TWO, "i1").await.unwrap(), Children::default(), "another tenancy");
});
