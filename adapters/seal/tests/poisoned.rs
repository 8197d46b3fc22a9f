//! A poisoned store is no stampede: what can't be opened is loaded once, for all who wait.

use std::future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use larder_core::{Env, Label, Memory, MemoryOptions, Parcel, Raw, Shared, Store, StoreExt};
use larder_patterns::PatternExt;
use larder_policies::Lru;
use larder_seal::{HmacNames, Keyring, Reason, SecretKey, XChaCha20Poly1305};
use larder_testkit::{CountingLoader, Gate};

fn ring() -> Keyring {
    Keyring::new(1, SecretKey::new([1; 32]))
}

type Remote = Shared<Memory<String, Parcel, Lru>>;

fn remote(env: &Env) -> Remote {
    MemoryOptions::new(100).env(env).build(Lru::new).shared()
}

fn sealed(env: &Env) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&ring(), env)
}

#[test]
fn a_hundred_readers_of_a_corrupt_value_cause_one_load() {
    let (env, manual) = Env::manual();
    let remote = remote(&env);
    let seal = sealed(&env);
    let events = seal.events();
    let gate = Gate::<String, Vec<u8>>::new();
    let origin = CountingLoader::new(gate.clone());
    let counts = origin.counts().clone();
    let values = Arc::new(remote.clone().encode(seal).encode(Raw).read_through_in(origin, &env));

    let key = "user:1".to_owned();
    let forger = XChaCha20Poly1305::new(&Keyring::new(1, SecretKey::new([2; 32])), &env);
    let poison = remote.clone().encode(forger).encode(Raw);
    manual.block_on(poison.put(key.clone(), b"forged".to_vec())).unwrap();
    let answers = Arc::new(AtomicU64::new(0));
    for _ in 0..100 {
        let (values, key, answers) = (Arc::clone(&values), key.clone(), Arc::clone(&answers));
        let read = async move {
            assert_eq!(values.value(&key).await.unwrap().as_deref(), Some(&b"true"[..]));
            answers.fetch_add(1, Relaxed);
        };
        env.spawn(read).unwrap();
    }
    assert_eq!(manual.run(), 101, "all readers wait, and one load");
    manual.block_on(gate.next_call()).release(b"true".to_vec());
    assert_eq!(manual.run(), 0);
    assert_eq!((answers.load(Relaxed), counts.calls()), (100, 1));
    assert_eq!(events.count(Reason::Forged), 100);

    assert_eq!(manual.block_on(values.value(&key)).unwrap().as_deref(), Some(&b"true"[..]));
    assert_eq!(counts.calls(), 1, "the load has replaced what was forged");
}

#[test]
fn values_under_names_by_hmac_are_found_again_and_tell_nothing() {
    let (env, manual) = Env::manual();
    let remote = remote(&env);
    let names = HmacNames::new(SecretKey::new([3; 32]), "users", "user:");
    let name = names.name(b"ann@example.org");
    let users = remote.clone().keyed(names.of(|mail: &String| mail.as_bytes().to_vec()));
    manual.block_on(async {
        let parcel = Parcel::new(Label::default(), *b"Ann");
        users.put("ann@example.org".to_owned(), parcel).await.unwrap();
        assert!(users.value(&"ann@example.org".to_owned()).await.unwrap().is_some());
        assert!(users.value(&"bob@example.org".to_owned()).await.unwrap().is_none());
        assert!(remote.value(&name).await.unwrap().is_some());
        assert!(name.starts_with("user:") && !name.contains("ann"));
    });
}

#[test]
fn what_is_read_back_after_a_rotation_is_sealed_by_the_new_key() {
    let (env, manual) = Env::manual();
    let remote = remote(&env);
    let keys = ring();
    let origin = CountingLoader::new(|_: String| future::ready(Ok(Some(b"value".to_vec()))));
    let counts = origin.counts().clone();
    let seal = XChaCha20Poly1305::new(&keys, &env);
    let values = remote.clone().encode(seal).encode(Raw).read_through_in(origin, &env);
    let key = "k".to_owned();
    manual.block_on(async {
        values.value(&key).await.unwrap();
        keys.add(2, SecretKey::new([2; 32])).unwrap();
        keys.promote(2).unwrap();
        values.value(&key).await.unwrap();
        assert_eq!(counts.calls(), 1, "the older key still opens");
        keys.disable(1).unwrap();
        values.value(&key).await.unwrap();
        assert_eq!(counts.calls(), 2, "a disabled key is a miss");
        assert_eq!(remote.value(&key).await.unwrap().map(|parcel| parcel.label.key_id), Some(2));
        values.get(&key).await.unwrap();
        assert_eq!(counts.calls(), 2);
    });
}
