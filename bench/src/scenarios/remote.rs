//! Redis beside the plain client of the same library: the same server, the same values, in turns. Both wait for a round
//! trip over the loopback; what is compared is what leases and envelopes add to it.

#[path = "../../../examples/common/server.rs"]
mod server;

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use larder::policies::Lru;
use larder::prelude::{Memory, MemoryOptions, PatternExt};
use larder::redis::{Redis, RedisOptions};
use larder::{Encoded, Entry, Lookup, Raw, Shared, Store, StoreExt};
use redis::aio::MultiplexedConnection;
use server::Running;
use tokio::runtime::{Builder, Runtime};

use crate::contestant::Contestant;
use crate::polled::polled;
use crate::workload::{Requests, string};

const KEYS: u64 = 10_000;

/// As many keys are asked for in one batch.
const BATCH: usize = 100;

type Ours = Shared<Encoded<Redis, Raw>>;

/// A server with values of one length under both their plain names and ours, and a connection of each kind.
struct Both {
    runtime: Runtime,
    plain: MultiplexedConnection,
    ours: Ours,
    _server: Running,
}

/// One look-up after another.
pub(super) fn get(length: usize) -> Vec<Contestant> {
    let Some(both) = ready(length) else { return Vec::new() };
    let requests = Requests::zipf(KEYS, 30_000, string);
    let (plain, ours) = (Arc::clone(&both), Arc::clone(&both));
    vec![
        Contestant::new("redis, GET", &requests, move || {
            move |key: &String| plain.runtime.block_on(plain_get(plain.plain.clone(), key)) == Some(length)
        }),
        Contestant::new("larder-redis, get", &requests, move || {
            move |key: &String| ours.runtime.block_on(hit(&ours.ours, key)) == Some(length)
        }),
        Contestant::new("the same behind memory, all near", &requests, move || {
            let store = fronted(&both, length);
            move |key: &String| polled(hit(&store, key)) == Some(length)
        }),
    ]
}

/// A batch of look-ups in one round trip: ours as the store gives them, and as vectors of their own. What the plain client
/// takes for our records says how much of that is their names, their lives and their heads.
pub(super) fn get_many(length: usize) -> Vec<Contestant> {
    let Some(both) = ready(length) else { return Vec::new() };
    let mget = |name, both: &Arc<Both>, named: fn(u64) -> String| {
        let both = Arc::clone(both);
        Contestant::new(name, &batches(named), move || {
            move |keys: &Vec<String>| both.runtime.block_on(plain_get_many(both.plain.clone(), keys)) == BATCH
        })
    };
    let (parcels, copies) = (Arc::clone(&both), Arc::clone(&both));
    vec![
        mget("redis, MGET of 100", &both, string),
        Contestant::new("larder-redis, get_many of 100", &batches(string), move || {
            move |keys: &Vec<String>| parcels.runtime.block_on(all_hit(parcels.ours.inner(), keys))
        }),
        Contestant::new("the same, each copied out by Raw", &batches(string), move || {
            move |keys: &Vec<String>| copies.runtime.block_on(all_hit(&copies.ours, keys))
        }),
        mget("redis, MGET of our 100 records", &both, |rank| format!("larder:7:default:k{}", string(rank))),
    ]
}

fn batches(named: fn(u64) -> String) -> Requests<Vec<String>> {
    let singles = Requests::zipf(KEYS, 300 * BATCH, named);
    Requests { keys: singles.keys.chunks(BATCH).map(<[String]>::to_vec).collect() }
}

/// The length of what the plain client gets.
async fn plain_get(mut connection: MultiplexedConnection, key: &str) -> Option<usize> {
    let mut command = redis::cmd("GET");
    let value: Vec<u8> = command.arg(key).query_async(&mut connection).await.ok()?;
    Some(black_box(value).len())
}

async fn plain_get_many(mut connection: MultiplexedConnection, keys: &[String]) -> usize {
    let mut command = redis::cmd("MGET");
    let values: redis::RedisResult<Vec<Vec<u8>>> = command.arg(keys).query_async(&mut connection).await;
    black_box(values).map_or(0, |values| values.iter().filter(|value| !value.is_empty()).count())
}

async fn all_hit<S: Store<Key = String>>(store: &S, keys: &[String]) -> bool {
    black_box(store.get_many(keys).await).is_ok_and(|found| found.iter().all(Lookup::is_hit))
}

async fn hit(store: &impl Store<Key = String, Value = Vec<u8>>, key: &String) -> Option<usize> {
    let found = store.get(key).await.ok()?.value()?;
    Some(black_box(found).len())
}

/// A server that has all values; `None`, and a line that says why, where there is none.
fn ready(length: usize) -> Option<Arc<Both>> {
    let Some((server, port)) = server::start("redis-server", &["--bind", "127.0.0.1", "--save", ""]) else {
        println!("skipped: redis-server is not installed: apt-get install redis-server");
        return None;
    };
    match both(server, &format!("redis://127.0.0.1:{port}"), length) {
        Ok(both) => Some(Arc::new(both)),
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    }
}

fn both(server: Running, url: &str, length: usize) -> Result<Both, Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (plain, ours) = runtime.block_on(async {
        let mut plain = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
        let redis: Redis = RedisOptions::new().timeout(Duration::from_secs(10)).connect(url).await?;
        let ours = redis.encode(Raw).shared();
        fill(&mut plain, &ours, length).await?;
        Ok::<_, Box<dyn Error>>((plain, ours))
    })?;
    Ok(Both { runtime, plain, ours, _server: server })
}

async fn fill(plain: &mut MultiplexedConnection, ours: &Ours, length: usize) -> Result<(), Box<dyn Error>> {
    let keys: Vec<_> = (0..KEYS).map(string).collect();
    for keys in keys.chunks(500) {
        let mut commands = redis::pipe();
        for key in keys {
            commands.cmd("SET").arg(key).arg(vec![7_u8; length]).ignore();
        }
        let () = commands.query_async(plain).await?;
        let entries = keys.iter().map(|key| (key.clone(), Entry::new(vec![7; length])));
        ours.insert_many(entries.collect()).await?;
    }
    Ok(())
}

/// The same behind a memory tier that has all entries.
fn fronted(both: &Both, length: usize) -> impl Store<Key = String, Value = Vec<u8>> + use<> {
    let near: Memory<String, Vec<u8>, Lru> = MemoryOptions::new(2 * KEYS).build(Lru::new);
    (0..KEYS).for_each(|rank| near.insert(string(rank), vec![7; length]));
    both.ours.clone().fronted_by(near)
}
