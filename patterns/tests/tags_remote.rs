//! Tags over a store that keeps parcels: the stamp travels on the label.

use std::sync::Arc;

use larder_core::{Codec, Context, Entry, Label, Life, Memory, Parcel, Raw, Result, Store, StoreExt};
use larder_patterns::{PatternExt, Stamp, Stamped, Stamping, Tags};
use larder_policies::Lru;
use larder_testkit::Manual;
use larder_testkit::codec::{Options, parcels};

const CONTEXT: Context<'static> = Context { key: b"key", life: Life::DEFAULT };

fn stamp(words: &[u64]) -> Stamp {
    Stamp::from_words(words).expect("a version and its tags")
}

fn key(name: &str) -> Vec<u8> {
    name.as_bytes().to_vec()
}

#[test]
fn a_stamped_value_keeps_the_contract_with_any_number_of_tags() {
    let stamped = |tags: u64| {
        let words: Vec<_> = (0..=tags).collect();
        Stamped::new(b"a value".to_vec(), stamp(&words))
    };
    parcels(&Stamping::new(Raw), &[stamped(0), stamped(3), stamped(20)], &Options::new().rounds(200));
}

#[test]
fn an_invalidated_tag_makes_misses_of_what_lies_far_away() -> Result<()> {
    Manual::new(0).block_on(async {
        let remote = Memory::<Vec<u8>, Parcel, _>::new(100, Lru::new).shared();
        let tags = Tags::new();
        let store = || {
            let name = |key: &Vec<u8>, _: &Vec<u8>| [if key.starts_with(b"a") { "a" } else { "b" }];
            remote.clone().encode(Stamping::new(Raw)).tagged_in(&tags, name)
        };
        let (one, other) = (store(), store());
        one.put(key("a1"), b"1".to_vec()).await?;
        one.put(key("b1"), b"2".to_vec()).await?;
        assert_eq!(other.value(&key("a1")).await?.as_deref(), Some(&b"1"[..]));
        other.invalidate_tag("a");
        assert_eq!(one.value(&key("a1")).await?, None);
        assert_eq!(one.value(&key("b1")).await?.as_deref(), Some(&b"2"[..]));
        assert!(remote.value(&key("b1")).await?.is_some_and(|parcel| parcel.label.stamps().len() == 2));
        Ok(())
    })
}

#[test]
fn a_parcel_without_a_stamp_is_a_miss_that_is_counted() -> Result<()> {
    Manual::new(0).block_on(async {
        let remote = Memory::<Vec<u8>, Parcel, _>::new(100, Lru::new).shared();
        let store = remote.clone().encode(Stamping::new(Raw));
        remote.insert(key("k"), Entry::new(Parcel::new(Label::default(), *b"v"))).await?;
        assert!(!store.get(&key("k")).await?.is_hit());
        let stamps = Some(Arc::new(vec![1, u64::MAX]));
        remote.insert(key("k"), Entry::new(Parcel::new(Label { stamps, ..Label::default() }, *b"v"))).await?;
        assert!(!store.get(&key("k")).await?.is_hit());
        assert_eq!(store.decode_failures(), 2);
        Ok(())
    })
}

#[test]
fn what_doesnt_fit_on_a_label_is_refused() {
    let codec = Stamping::new(Stamping::new(Raw));
    let inner = Stamped::new(b"v".to_vec(), stamp(&[1]));
    assert!(codec.encode(&Stamped::new(inner, stamp(&[1])), &CONTEXT).is_err(), "two stamps");
    let encode =
        |words| Stamping::new(Raw).encode(&Stamped::new(Vec::new(), stamp(&vec![1; words])), &CONTEXT);
    assert!(encode(65_535).is_ok());
    assert!(encode(65_536).is_err());
}
