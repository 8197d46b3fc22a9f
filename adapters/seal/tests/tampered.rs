//! A store that anybody can write: whatever he does to a value there is a miss, counted, and can be filled again.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use larder_compress::Zstd;
use larder_core::{
    Codec, Context, Encoded, Entry, Env, Enveloped, Label, Lookup, Manual, Memory, MemoryOptions, Parcel,
    Raw, Result, Shared, Store, StoreExt,
};
use larder_policies::Lru;
use larder_seal::{Keyring, Reason, SecretKey, XChaCha20Poly1305};
use larder_serde::Json;

type Remote<V> = Shared<Memory<String, V, Lru>>;

const HOUR: Duration = Duration::from_hours(1);

fn remote<V: larder_core::Value>(env: &Env) -> Remote<V> {
    MemoryOptions::new(1_000).env(env).build(Lru::new).shared()
}

fn ring() -> Keyring {
    Keyring::new(1, SecretKey::new([1; 32]))
}

fn seal(env: &Env) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&ring(), env).namespace("users")
}

fn text() -> Vec<String> {
    vec!["the combination is 12345".to_owned(); 60]
}

/// Every byte changed in three ways, and every way to cut the end off; and a byte more.
fn damages(whole: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let flips = (0..whole.len()).flat_map(move |at| {
        [1, 0x80, 0xff].map(|flip| {
            let mut damaged = whole.to_vec();
            damaged[at] ^= flip;
            damaged
        })
    });
    let cuts = (0..whole.len()).map(|end| whole[..end].to_vec());
    flips.chain(cuts).chain([[whole, &[0]].concat()])
}

/// A look-up of what was damaged is a miss, and its lease is good.
fn assert_missed<S>(manual: &Manual, store: &S, what: &str)
where
    S: Store<Key = String, Value = Vec<String>>,
{
    manual.block_on(async {
        let Ok(Lookup::Miss(lease)) = store.get(&"k".to_owned()).await else { panic!("{what} is a hit") };
        assert!(store.fill("k".to_owned(), text().into(), lease).await.unwrap().is_stored());
        assert_eq!(store.value(&"k".to_owned()).await.unwrap(), Some(text()));
    });
}

fn failures<S, C>(store: &Encoded<S, C>) -> u64
where
    S: Store<Key: AsRef<[u8]>, Value = C::Encoded>,
    C: Codec,
{
    store.decode_failures()
}

#[test]
fn every_flipped_byte_and_every_cut_of_what_is_stored_is_one_miss_and_one_count() {
    let (env, manual) = Env::manual();
    let remote = remote::<Vec<u8>>(&env);
    let texts =
        remote.clone().encode(Enveloped).encode(seal(&env)).encode(Zstd::level(3)).encode(Json::new());
    manual.block_on(texts.put("k".to_owned(), text())).unwrap();
    let whole = manual.block_on(remote.value(&"k".to_owned())).unwrap().unwrap();
    for (number, damaged) in damages(&whole).enumerate() {
        manual.block_on(remote.put("k".to_owned(), damaged)).unwrap();
        assert_missed(&manual, &texts, &format!("damage number {number}"));
        assert_eq!(failures(texts.inner().inner().inner()), number as u64 + 1, "the envelope is shut");
    }
    let deeper = [failures(texts.inner().inner()), failures(texts.inner()), failures(&texts)];
    assert_eq!(deeper, [0; 3], "nothing damaged came so far");
}

#[test]
fn the_same_in_an_envelope_that_was_made_anew_is_one_miss_one_count_and_one_event() {
    let (env, manual) = Env::manual();
    let remote = remote::<Parcel>(&env);
    let seal = seal(&env);
    let events = seal.events();
    let texts = remote.clone().encode(seal).encode(Zstd::level(3)).encode(Json::new());
    manual.block_on(texts.put("k".to_owned(), text())).unwrap();
    let whole = manual.block_on(remote.value(&"k".to_owned())).unwrap().unwrap();
    let label = whole.label.clone();
    let forged = damages(whole.payload()).map(|payload| Parcel::new(label.clone(), payload));
    let relabelled = [
        Label { codec: label.codec + 1, ..label.clone() },
        Label { compressor: 0, ..label.clone() },
        Label { compressor: label.compressor + 1, ..label.clone() },
        Label { cipher: 0, ..label.clone() },
        Label { key_id: 9, ..label.clone() },
        Label { schema: label.schema ^ 1, ..label.clone() },
        Label { stamps: Some(Arc::new(vec![1])), ..label.clone() },
    ];
    let relabelled = relabelled.map(|label| Parcel::new(label, whole.payload()));
    for (number, parcel) in forged.chain(relabelled).enumerate() {
        manual.block_on(remote.put("k".to_owned(), parcel)).unwrap();
        assert_missed(&manual, &texts, &format!("forgery number {number}"));
        let counts = [failures(texts.inner().inner()), events.refused()];
        assert_eq!(counts, [number as u64 + 1; 2], "one of each");
    }
    assert_eq!([failures(texts.inner()), failures(&texts)], [0; 2], "nothing forged came so far");
}

#[test]
fn what_is_moved_prolonged_or_of_an_unknown_key_is_a_miss_and_who_asked_hears_why() {
    let (env, manual) = Env::manual();
    let remote = remote::<Parcel>(&env);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let seal = seal(&env).on_event(HOUR, move |event| hears.lock().unwrap().push(event.reason));
    let texts = remote.clone().encode(seal).encode(Json::new());
    let others = XChaCha20Poly1305::new(&ring(), &env).namespace("another tenant");
    let others = remote.clone().encode(others).encode(Json::new());
    let unknown = XChaCha20Poly1305::new(&Keyring::new(2, SecretKey::new([2; 32])), &env).namespace("users");
    let unknown = remote.clone().encode(unknown).encode(Json::new());
    let hour = || Entry::new(text()).ttl(HOUR);
    manual.block_on(async {
        texts.insert("other".to_owned(), hour()).await.unwrap();
        let moved = remote.value(&"other".to_owned()).await.unwrap().unwrap();
        remote.put("k".to_owned(), moved).await.unwrap();
    });
    assert_missed(&manual, &texts, "a value of another key");
    manual.block_on(others.put("k".to_owned(), text())).unwrap();
    assert_missed(&manual, &texts, "a value of another namespace");
    manual.block_on(unknown.put("k".to_owned(), text())).unwrap();
    assert_missed(&manual, &texts, "a value of an unknown key");
    manual.block_on(async {
        texts.insert("k".to_owned(), hour()).await.unwrap();
        let kept = remote.value(&"k".to_owned()).await.unwrap().unwrap();
        remote.insert("k".to_owned(), Entry::new(kept).ttl(48 * HOUR)).await.unwrap();
    });
    assert_missed(&manual, &texts, "a value with another deadline");
    assert_eq!(*heard.lock().unwrap(), [Reason::WrongPlace, Reason::UnknownKey, Reason::Expired]);
}

/// Stands behind a seal and counts what comes through.
struct Watched(Arc<AtomicU64>);

impl Codec for Watched {
    type Plain = Parcel;
    type Encoded = Parcel;

    fn encode(&self, plain: &Parcel, _: &Context<'_>) -> Result<Parcel> {
        Ok(plain.clone())
    }

    fn decode(&self, encoded: &Parcel, _: &Context<'_>) -> Result<Parcel> {
        self.0.fetch_add(1, Relaxed);
        Ok(encoded.clone())
    }
}

#[test]
fn nothing_behind_a_seal_sees_bytes_that_nobody_vouches_for() {
    let (env, manual) = Env::manual();
    let remote = remote::<Parcel>(&env);
    let seen = Arc::new(AtomicU64::new(0));
    let values = remote.clone().encode(seal(&env)).encode(Watched(Arc::clone(&seen))).encode(Raw);
    let key = || "k".to_owned();
    manual.block_on(async {
        values.put(key(), b"value".to_vec()).await.unwrap();
        let whole = remote.value(&key()).await.unwrap().unwrap();
        for payload in damages(whole.payload()) {
            remote.put(key(), Parcel::new(whole.label.clone(), payload)).await.unwrap();
            assert_eq!(values.value(&key()).await.unwrap(), None);
        }
        assert_eq!(seen.load(Relaxed), 0);
        remote.put(key(), whole).await.unwrap();
        assert_eq!(values.value(&key()).await.unwrap().as_deref(), Some(&b"value"[..]));
        assert_eq!(seen.load(Relaxed), 1);
    });
}
