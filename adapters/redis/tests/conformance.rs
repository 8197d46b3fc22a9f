//! The whole contract, against a real server; and the same in a cluster.

mod common;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::Server;
use larder_core::{Label, Lifetimes, Parcel};
use larder_redis::{Redis, RedisOptions};
use larder_testkit::store::{Options, conforms};

fn options() -> Options<String, Parcel> {
    let value = |n: u64| Parcel::new(Label { schema: n, ..Label::default() }, n.to_le_bytes());
    Options::waiting(|n| format!("key {n}"), value, |time| Box::pin(tokio::time::sleep(time)))
}

static NEXT: AtomicU64 = AtomicU64::new(0);

fn namespace() -> RedisOptions {
    RedisOptions::new()
        .namespace(format!("conformance {}", NEXT.fetch_add(1, Ordering::Relaxed)))
        .timeout(Duration::from_secs(20))
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let Some(server) = Server::start(&[]) else { return };
    let url = server.url();
    let make = async || -> Redis { namespace().connect(&url).await.unwrap() };
    conforms(make, &options().operations(3_000)).await;
}

#[tokio::test]
async fn it_keeps_the_contract_with_a_default_life_and_small_chunks() {
    let Some(server) = Server::start(&[]) else { return };
    let url = server.url();
    let life = Duration::from_millis(400);
    let make = async || -> Redis {
        let lifetimes = Lifetimes { usable: Some(life), ..Lifetimes::default() };
        namespace().lifetimes(lifetimes).chunk(2).connect(&url).await.unwrap()
    };
    conforms(make, &options().default_ttl(life).lossy().coarse_leases().operations(500).seed(1)).await;
}

#[tokio::test]
async fn it_keeps_the_contract_in_a_cluster_of_three() {
    let starts = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
    let nodes: Vec<_> = (0..3).map_while(|_| Server::start(&starts)).collect();
    let [one, two, three] = nodes.as_slice() else { return };
    join(&[one, two, three]).await;
    let urls = [one.url(), two.url(), three.url()];
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let make = async || -> Redis { namespace().connect_to_cluster(&urls).await.unwrap() };
    conforms(make, &options().operations(500)).await;
    for node in [one, two, three] {
        let size: usize = redis::cmd("DBSIZE").query_async(&mut node.peek().await).await.unwrap();
        assert!(size > 0, "every node has its share");
    }
    let refused = RedisOptions::new().connect::<String>(&one.url()).await.unwrap_err();
    assert_eq!(refused.kind(), larder_core::ErrorKind::Invalid, "a node by itself is refused");
}

/// Makes one cluster of the servers, each with a third of the slots.
async fn join(nodes: &[&Server]) {
    let bounds = [(0, 5_460), (5_461, 10_922), (10_923, 16_383)];
    for (node, (from, to)) in nodes.iter().zip(bounds) {
        let mut peek = node.peek().await;
        let mut slots = redis::cmd("CLUSTER");
        let () = slots.arg("ADDSLOTSRANGE").arg(from).arg(to).query_async(&mut peek).await.unwrap();
        let mut meet = redis::cmd("CLUSTER");
        meet.arg("MEET").arg("127.0.0.1").arg(nodes[0].port);
        let () = meet.query_async(&mut peek).await.unwrap();
    }
    for node in nodes {
        let mut peek = node.peek().await;
        common::until(async || {
            let info: String = redis::cmd("CLUSTER").arg("INFO").query_async(&mut peek).await.unwrap();
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        })
        .await;
    }
}
