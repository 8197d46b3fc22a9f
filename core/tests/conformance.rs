//! The memory engine, and what wraps any store, keep the rules of a store.

use larder_core::{
    Codec, Context, DynStore, Env, Error, ErrorKind, Manual, MemoryOptions, Result, Store, StoreExt,
};
use larder_policies::{Lru, POLICIES};
use larder_testkit::MapStore;
use larder_testkit::store::{Options, conforms};

fn options(manual: &Manual) -> Options<String, u64> {
    Options::manual(|n| format!("key {n}"), |n| n, manual)
}

#[test]
fn memory_conforms_under_every_policy() {
    for policy in POLICIES {
        let (env, manual) = Env::manual();
        let make = async || MemoryOptions::new(100_000).env(&env).build(policy.make);
        manual.block_on(conforms(make, &options(&manual).coarse_leases()));
    }
}

#[test]
fn memory_conforms_on_one_shard_and_on_many() {
    for shards in [1, 64] {
        let (env, manual) = Env::manual();
        let make = async || MemoryOptions::new(100_000).shards(shards).env(&env).build(Lru::new);
        manual.block_on(conforms(make, &options(&manual).coarse_leases()));
    }
}

#[test]
fn a_memory_that_loses_entries_all_the_time_conforms_as_a_lossy_store() {
    for policy in POLICIES {
        let (env, manual) = Env::manual();
        let make = async || MemoryOptions::new(3).env(&env).build(policy.make);
        manual.block_on(conforms(make, &options(&manual).lossy().coarse_leases()));
    }
}

#[test]
fn an_erased_store_conforms() {
    let (env, manual) = Env::manual();
    let make = async || -> DynStore<String, u64> { MapStore::new(&env).into_dyn() };
    manual.block_on(conforms(make, &options(&manual)));
}

#[test]
fn a_shared_store_conforms() {
    let (env, manual) = Env::manual();
    let make = async || MapStore::<String, u64>::new(&env).shared();
    manual.block_on(conforms(make, &options(&manual)));
}

#[test]
fn a_store_with_other_keys_conforms() {
    let (env, manual) = Env::manual();
    let make = async || MapStore::<String, u64>::new(&env).keyed(|key: &u64| key.to_string());
    manual.block_on(conforms(make, &Options::manual(|n| n, |n| n, &manual)));
}

#[test]
fn a_store_with_encoded_values_conforms() {
    let (env, manual) = Env::manual();
    let make = async || MapStore::<String, Vec<u8>>::new(&env).encode(Bound);
    manual.block_on(conforms(make, &options(&manual)));
}

/// A codec that binds each value to its key, as a sealing one does.
struct Bound;

impl Codec for Bound {
    type Plain = u64;
    type Encoded = Vec<u8>;

    fn encode(&self, plain: &u64, context: &Context<'_>) -> Result<Vec<u8>> {
        Ok([&plain.to_le_bytes(), context.key].concat())
    }

    fn decode(&self, encoded: &Vec<u8>, context: &Context<'_>) -> Result<u64> {
        let wrong = || Error::new(ErrorKind::Codec, "decoding");
        let (plain, key) = encoded.split_first_chunk().ok_or_else(wrong)?;
        if key == context.key { Ok(u64::from_le_bytes(*plain)) } else { Err(wrong()) }
    }
}

#[test]
fn a_value_that_cannot_be_decoded_is_a_miss_that_can_be_filled() {
    let (env, manual) = Env::manual();
    let raw = MapStore::<String, Vec<u8>>::new(&env).shared();
    let store = raw.clone().encode(Bound);
    manual
        .block_on(async {
            store.put("a".into(), 1).await?;
            store.put("b".into(), 2).await?;
            let moved = raw.value(&"a".into()).await?.unwrap();
            raw.put("b".into(), moved).await?;
            raw.put("c".into(), vec![1, 2, 3]).await?;
            for key in ["b", "c"] {
                let larder_core::Lookup::Miss(lease) = store.get(&key.into()).await? else {
                    panic!("{key} was not sealed for its place")
                };
                assert!(store.fill(key.into(), 7.into(), lease).await?.is_stored());
                assert_eq!(store.value(&key.into()).await?, Some(7));
            }
            assert_eq!(store.decode_failures(), 2);
            let keys = ["a", "b", "c"].map(String::from);
            let values: Vec<_> =
                store.get_many(&keys).await?.into_iter().map(larder_core::Lookup::value).collect();
            assert_eq!(values, [Some(1), Some(7), Some(7)]);
            Ok::<_, Error>(())
        })
        .unwrap();
}
