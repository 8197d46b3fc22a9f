//! Encoded, compressed, sealed: the three together, over a store and over a journal.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use larder_compress::Zstd;
use larder_core::{
    BoxFuture, Change, Codec, Context, Env, Enveloped, Journal, Life, Memory, MemoryOptions, Parcel, Raw,
    Record, Recovered, Result, Store, StoreExt, parcel,
};
use larder_patterns::{Batch, PatternExt};
use larder_policies::Lru;
use larder_seal::{Keyring, Reason, SecretKey, XChaCha20Poly1305};
use larder_serde::{Json, PostcardChange};
use larder_testkit::codec::{Options, conforms, parcels};
use larder_testkit::{MapOrigin, WriteGate};

const SECRET: &str = "the combination is 12345";

fn seal(env: &Env) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Keyring::new(1, SecretKey::new([1; 32])), env).namespace("chain")
}

fn holds(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[test]
fn a_value_is_encoded_then_compressed_then_sealed_and_comes_back() {
    let (env, manual) = Env::manual();
    let remote = MemoryOptions::<String, Parcel>::new(100).env(&env).build(Lru::new).shared();
    let texts = remote.clone().encode(seal(&env)).encode(Zstd::level(3)).encode(Json::<Vec<String>>::new());
    let value = vec![SECRET.to_owned(); 100];
    manual.block_on(async {
        texts.put("k".to_owned(), value.clone()).await.unwrap();
        assert_eq!(texts.value(&"k".to_owned()).await.unwrap(), Some(value));
        let kept = remote.value(&"k".to_owned()).await.unwrap().unwrap();
        assert!(kept.payload().len() < 300 && !holds(kept.payload(), SECRET));
        let label = (kept.label.codec, kept.label.compressor, kept.label.cipher);
        assert_eq!(
            label,
            (parcel::codec::JSON, parcel::compressor::ZSTD, parcel::cipher::XCHACHA20_POLY1305)
        );
    });
}

#[test]
fn the_chain_keeps_its_contract() {
    let env = Env::manual().0;
    let chain = || Json::<Vec<String>>::new().then(Zstd::level(3)).then(seal(&env));
    let values = [vec![], vec![SECRET.to_owned()], vec![SECRET.to_owned(); 100]];
    let options = Options::new().sealed().rounds(200);
    parcels(&chain(), &values, &options);
    conforms(&chain().then(Enveloped), &values, &options);
}

/// Keeps records in memory, beyond the life of a queue.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Record>>>);

impl Journal for Kept {
    fn append(&self, records: Vec<Record>) -> BoxFuture<'_, Result<()>> {
        self.0.lock().unwrap().extend(records);
        Box::pin(async { Ok(()) })
    }
    fn settle(&self, sequences: Vec<u64>) -> BoxFuture<'_, Result<()>> {
        self.0.lock().unwrap().retain(|record| !sequences.contains(&record.sequence));
        Box::pin(async { Ok(()) })
    }
    fn recover(&self) -> BoxFuture<'_, Result<Recovered>> {
        let mut records = self.0.lock().unwrap().clone();
        records.sort_by_key(|record| record.sequence);
        Box::pin(async { Ok(Recovered { records, damaged: 0 }) })
    }
    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

type Changes = PostcardChange<String, String>;

fn sealed_changes(env: &Env) -> impl Codec<Plain = Change<String, String>, Encoded = Vec<u8>> {
    Changes::new().then(Raw).then(seal(env)).then(Enveloped)
}

#[test]
fn a_codec_of_changes_can_be_sealed() {
    let changes = [Change::Put("k".to_owned(), SECRET.to_owned()), Change::Delete("k".to_owned())];
    conforms(&sealed_changes(&Env::manual().0), &changes, &Options::new().sealed().rounds(300));
}

#[test]
fn a_sealed_journal_tells_nothing_and_gives_back_what_was_queued() {
    let (env, manual) = Env::manual();
    let journal = Kept::default();
    let memory = || Memory::<String, String, _>::new(100, Lru::new);
    let batch = || Batch::of(10).every(Duration::from_mins(1));
    manual.block_on(async {
        let stuck = WriteGate::<String, String>::new();
        let queue = memory().write_behind(stuck, batch(), &env);
        let queue = queue.durable(journal.clone(), sealed_changes(&env)).await.unwrap();
        queue.put("account".to_owned(), SECRET.to_owned()).await.unwrap();
        let records = journal.0.lock().unwrap().clone();
        assert_eq!(records.len(), 1);
        assert!(!holds(&records[0].bytes, SECRET) && !holds(&records[0].bytes, "account"));

        // The process ends here, and another begins.
        let origin = MapOrigin::<String, String>::new();
        let queue = memory().write_behind(origin.clone(), batch(), &env);
        let queue = queue.durable(journal.clone(), sealed_changes(&env)).await.unwrap();
        queue.close().await.unwrap();
        assert_eq!(origin.get(&"account".to_owned()).as_deref(), Some(SECRET));
    });
}

#[test]
fn a_record_in_the_place_of_another_is_not_read() {
    let env = Env::manual().0;
    let seal = seal(&env);
    let events = seal.events();
    let codec = Changes::new().then(Raw).then(seal).then(Enveloped);
    let context = |sequence: &'static [u8]| Context { key: sequence, life: Life::DEFAULT };
    let bytes = codec.encode(&Change::Put("k".to_owned(), SECRET.to_owned()), &context(b"1")).unwrap();
    assert!(codec.decode(&bytes, &context(b"2")).is_err());
    assert_eq!(events.count(Reason::WrongPlace), 1);
}
