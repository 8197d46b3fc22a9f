//! The codecs keep their contract: what was encoded comes back, and nothing that was damaged does harm.

mod animals;

use std::collections::BTreeMap;

use animals::{CONTEXT, Pet, User, pets};
use larder_core::{Change, Codec, Enveloped, ErrorKind, Parcel, Raw, Value};
use larder_serde::{Json, MessagePack, Postcard, PostcardChange};
use larder_testkit::codec::{Options, conforms, fuzz, parcels};
use proptest::prelude::*;

#[test]
fn the_codecs_keep_their_contract() {
    let options = Options::new().rounds(500);
    parcels(&Json::<Pet>::new(), &pets(), &options);
    parcels(&MessagePack::<Pet>::new(), &pets(), &options);
    parcels(&Postcard::<Pet>::new(), &pets(), &options);
    parcels(&Json::<User>::new().version(7), &[User::default()], &options);
    parcels(&MessagePack::<User>::new().version(7), &[User::default()], &options);
    parcels(&Postcard::<User>::new().version(7), &[User::default()], &options);
}

#[test]
fn the_codec_of_changes_keeps_its_contract() {
    let mut changes: Vec<_> = pets().into_iter().map(|pet| Change::Put("k".to_owned(), pet)).collect();
    changes.push(Change::Delete("gone".into()));
    conforms(&PostcardChange::<String, Pet>::new(), &changes, &Options::new());
    conforms(
        &PostcardChange::<String, Pet>::new().then(Raw).then(Enveloped),
        &changes,
        &Options::new().rounds(300),
    );
}

#[test]
fn an_absent_value_is_not_a_deletion() {
    let codec = PostcardChange::<u8, Option<u8>>::new();
    let bytes = codec.encode(&Change::Put(1, None), &CONTEXT).unwrap();
    assert_eq!(codec.decode(&bytes, &CONTEXT).unwrap(), Change::Put(1, None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_value_comes_back(
        name in ".*",
        age: u32,
        scores in prop::collection::btree_map(".*", -1e300_f64..1e300, 0..8),
        bytes: Vec<u8>,
        number: i64,
    ) {
        let user = User { name, age, scores };
        for_all(&user);
        for_all(&bytes);
        for_all(&number);
        for_all(&BTreeMap::from([(age, Some(user.clone())), (age ^ 1, None)]));
    }

    #[test]
    fn every_float_comes_back_to_the_last_bit(bits: u64) {
        let number = f64::from_bits(bits);
        prop_assume!(!number.is_nan());
        let back = |codec: &dyn Codec<Plain = f64, Encoded = Parcel>| {
            codec.decode(&codec.encode(&number, &CONTEXT).unwrap(), &CONTEXT).unwrap().to_bits()
        };
        prop_assert_eq!(back(&Postcard::new()), bits);
        prop_assert_eq!(back(&MessagePack::new()), bits);
        if number.is_finite() {
            prop_assert_eq!(back(&Json::new()), bits);
        }
    }
}

fn for_all<T: Value + PartialEq + serde::Serialize + serde::de::DeserializeOwned>(value: &T) {
    let codecs: [&dyn Codec<Plain = T, Encoded = Parcel>; 3] =
        [&Json::new(), &MessagePack::new(), &Postcard::new()];
    for codec in codecs {
        let parcel = codec.encode(value, &CONTEXT).unwrap();
        assert!(codec.decode(&parcel, &CONTEXT).unwrap() == *value);
    }
}

#[test]
fn a_value_nested_too_deeply_is_not_read() {
    #[derive(Clone, serde::Serialize, serde::Deserialize)]
    enum Chain {
        End,
        Link(Box<Chain>),
    }
    let depth = |links: usize| (0..links).fold(Chain::End, |chain, _| Chain::Link(Box::new(chain)));
    let codecs: [&dyn Codec<Plain = Chain, Encoded = Parcel>; 3] =
        [&Json::new(), &MessagePack::new(), &Postcard::new()];
    for codec in codecs {
        let read = |links| codec.decode(&codec.encode(&depth(links), &CONTEXT).unwrap(), &CONTEXT);
        assert!(read(50).is_ok());
        assert_eq!(read(500).err().map(|error| error.kind()), Some(ErrorKind::Codec));
    }
    // What nobody could encode: a million links, a byte each. It must not exhaust the stack.
    let label = Postcard::<Chain>::new().encode(&Chain::End, &CONTEXT).unwrap().label;
    let forged = Parcel::new(label, vec![1; 1_000_000]);
    assert!(Postcard::<Chain>::new().decode(&forged, &CONTEXT).is_err());
}

#[test]
fn an_error_doesnt_quote_the_value() {
    let label = Json::<u8>::new().encode(&1, &CONTEXT).unwrap().label;
    let error = Json::<u8>::new().decode(&Parcel::new(label, *b"\"secret\""), &CONTEXT).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
}

#[test]
fn no_damage_makes_a_decoder_panic() {
    fn survives<C: Codec<Plain = Pet, Encoded = Parcel>>(codec: &C) {
        let parcels: Vec<_> = pets().iter().map(|pet| codec.encode(pet, &CONTEXT).unwrap()).collect();
        let inputs: Vec<_> = parcels.iter().map(|parcel| parcel.payload().to_vec()).collect();
        let label = &parcels[0].label;
        fuzz(&inputs, &Options::new().rounds(20_000), |bytes| {
            let _ = codec.decode(&Parcel::new(label.clone(), bytes), &CONTEXT);
        });
    }
    survives(&Json::<Pet>::new());
    survives(&MessagePack::<Pet>::new());
    survives(&Postcard::<Pet>::new());
    let bytes = |pet: &Pet| Enveloped.encode(&Json::new().encode(pet, &CONTEXT).unwrap(), &CONTEXT).unwrap();
    let inputs: Vec<_> = pets().iter().map(bytes).collect();
    fuzz(&inputs, &Options::new().rounds(20_000), |bytes| drop(Enveloped.decode(&bytes, &CONTEXT)));
}
