//! The whole contract, against a real server.

mod common;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::Server;
use larder_core::{Entry, Label, Lookup, Parcel, Store};
use larder_memcached::{Memcached, MemcachedOptions};
use larder_testkit::store::{Options, conforms};

static NEXT: AtomicU64 = AtomicU64::new(0);

fn value(n: u64) -> Parcel {
    Parcel::new(Label { schema: n, ..Label::default() }, n.to_le_bytes())
}

fn namespace() -> MemcachedOptions {
    MemcachedOptions::new()
        .namespace(format!("conformance {}", NEXT.fetch_add(1, Ordering::Relaxed)))
        .timeout(Duration::from_secs(20))
}

/// Lossy by name, because an entry may end two seconds early and the suite's short lives are shorter than that; the tests
/// below hold it to what it keeps.
#[tokio::test]
async fn it_keeps_the_contract() {
    let Some(server) = Server::start(&[]) else { return };
    let address = server.address();
    let wait = |time| -> larder_core::BoxFuture<'static, ()> { Box::pin(tokio::time::sleep(time)) };
    let options = Options::waiting(|n| format!("key {n}"), value, wait).lossy().operations(3_000);
    let make = async || -> Memcached { namespace().connect(&address).await.unwrap() };
    conforms(make, &options).await;
    let small = async || -> Memcached { namespace().chunk(2).connect(&address).await.unwrap() };
    conforms(small, &options.seed(1).operations(500)).await;
}

#[tokio::test]
async fn what_never_ends_is_always_hit() {
    let Some(server) = Server::start(&[]) else { return };
    let client: Memcached = namespace().connect(&server.address()).await.unwrap();
    let keys: Vec<_> = (0..200).map(|n| format!("key {n}")).collect();
    for (n, key) in keys.iter().enumerate() {
        let entry = Entry::new(value(n as u64)).never_expires();
        match n % 3 {
            0 => client.insert(key.clone(), entry).await.unwrap(),
            1 => client
                .insert_many(vec![(key.clone(), Entry::new(value(0))), (key.clone(), entry)])
                .await
                .unwrap(),
            _ => {
                let lease = client.lease(key).await.unwrap();
                assert!(client.fill(key.clone(), entry, lease).await.unwrap().is_stored());
            }
        }
    }
    let found = client.get_many(&keys).await.unwrap();
    assert!(found.into_iter().enumerate().all(|(n, found)| found.value() == Some(value(n as u64))));
    assert_eq!(client.remove_many(&keys).await.unwrap(), 200);
    assert_eq!((client.stats().hits, client.stats().removed), (200, 200));
}

#[tokio::test]
async fn an_entry_lives_nearly_as_long_as_it_says_and_no_longer() {
    let Some(server) = Server::start(&[]) else { return };
    let client: Memcached = namespace().connect(&server.address()).await.unwrap();
    let (start, began) = (tokio::time::Instant::now(), larder_core::Clock::precise().now());
    let (short, long) = ("short".to_owned(), "long".to_owned());
    let ttl = Duration::from_millis(3_500);
    client.insert(short.clone(), Entry::new(value(1)).ttl(ttl)).await.unwrap();
    let month = Duration::from_hours(24 * 300);
    client.insert(long.clone(), Entry::new(value(2)).ttl(month).fresh_for(month / 2)).await.unwrap();
    let Lookup::Hit(found) = client.get(&long).await.unwrap() else { panic!("it is there") };
    let early = |end: larder_core::Deadline, life: Duration| {
        let left = end.time().unwrap().since(began);
        (life.saturating_sub(Duration::from_secs(2))..life + start.elapsed() + Duration::from_secs(5))
            .contains(&left)
    };
    assert!(early(found.life().usable_until(), month) && early(found.life().fresh_until(), month / 2));
    let mut seen = Duration::ZERO;
    common::until(async || {
        let asked = start.elapsed();
        let is_hit = client.get(&short).await.unwrap().is_hit();
        if is_hit {
            seen = asked;
        }
        !is_hit
    })
    .await;
    assert!(seen < ttl, "never served after its end: {seen:?}");
    // A machine that is too busy to look sees less.
    assert!(seen > Duration::ZERO || start.elapsed() + Duration::from_secs(2) > ttl, "{seen:?}");
    assert!(!client.remove(&short).await.unwrap(), "what is over is not there to remove");
}
