//! Another type's bytes are not read, nor another version's; what was written once is read for ever.

mod animals;

use std::collections::BTreeMap;

use animals::{CONTEXT, Pet, User, pets};
use larder_core::{
    Change, Codec, Encoded, Envelope, ErrorKind, Label, Lookup, Memory, Parcel, Shared, Store, StoreExt,
    Time, Value,
};
use larder_policies::Lru;
use larder_serde::{Json, MessagePack, Postcard, PostcardChange};
use serde::Serialize;
use serde::de::DeserializeOwned;

type Parcels = Memory<Vec<u8>, Parcel, Lru>;

fn encode<T: Value + Serialize + DeserializeOwned>(plain: &T) -> [Parcel; 3] {
    [
        Json::new().encode(plain, &CONTEXT).expect("JSON has a form for it"),
        MessagePack::new().encode(plain, &CONTEXT).expect("MessagePack has a form for it"),
        Postcard::new().encode(plain, &CONTEXT).expect("postcard has a form for it"),
    ]
}

fn decode<T: Value + Serialize + DeserializeOwned>(parcels: &[Parcel; 3]) -> [larder_core::Result<T>; 3] {
    let [json, message_pack, postcard] = parcels;
    [
        Json::new().decode(json, &CONTEXT),
        MessagePack::new().decode(message_pack, &CONTEXT),
        Postcard::new().decode(postcard, &CONTEXT),
    ]
}

#[track_caller]
fn assert_unread<T: Value + Serialize + DeserializeOwned>(parcels: &[Parcel; 3]) {
    for read in decode::<T>(parcels) {
        assert_eq!(read.err().expect("it is not read").kind(), ErrorKind::Codec);
    }
}

#[test]
fn another_type_is_not_read_though_its_bytes_would_fit() {
    let seven = encode(&7_u32);
    assert_unread::<u64>(&seven);
    assert_unread::<i32>(&seven);
    assert_unread::<(u32,)>(&seven);
    assert_unread::<Option<u32>>(&seven);
    assert_unread::<Vec<u32>>(&encode(&vec![7_u64]));
    assert_unread::<BTreeMap<u8, u8>>(&encode(&vec![(1_u8, 1_u8)]));
    assert_unread::<String>(&encode(&Vec::<u8>::new()));
}

#[test]
fn another_codecs_parcel_is_not_read() {
    let [json, message_pack, postcard] = encode(&7_u8);
    assert_unread::<u8>(&[message_pack, postcard, json]);
}

#[test]
fn what_is_still_compressed_sealed_or_stamped_is_not_read() {
    let [parcel, ..] = encode(&7_u8);
    let stamps = Some(std::sync::Arc::new(vec![1]));
    let labels = [
        Label { compressor: 4, ..parcel.label.clone() },
        Label { cipher: 1, ..parcel.label.clone() },
        Label { stamps, ..parcel.label.clone() },
    ];
    for label in labels {
        assert!(Json::<u8>::new().decode(&Parcel::new(label, parcel.payload()), &CONTEXT).is_err());
    }
    assert_eq!(Json::<u8>::new().decode(&parcel, &CONTEXT).unwrap(), 7);
}

#[test]
fn every_change_of_a_shape_is_seen() {
    mod renamed {
        #[derive(Clone, serde::Serialize, serde::Deserialize)]
        pub(crate) struct User {
            pub(crate) nick: String,
            pub(crate) age: u32,
            pub(crate) scores: std::collections::BTreeMap<String, f64>,
        }
    }
    mod retyped {
        #[derive(Clone, serde::Serialize, serde::Deserialize)]
        pub(crate) struct User {
            pub(crate) name: String,
            pub(crate) age: u64,
            pub(crate) scores: std::collections::BTreeMap<String, f64>,
        }
    }
    mod deeper {
        #[derive(Clone, serde::Serialize, serde::Deserialize)]
        pub(crate) struct User {
            pub(crate) name: String,
            pub(crate) age: u32,
            pub(crate) scores: std::collections::BTreeMap<String, f32>,
        }
    }
    mod last_variant {
        #[derive(Clone, serde::Serialize, serde::Deserialize)]
        pub(crate) enum Pet {
            None,
            Cat(String, u8),
            Dog { name: String, friends: Vec<Pet> },
            Number(u16),
        }
    }
    let users = encode(&User::default());
    assert_unread::<renamed::User>(&users);
    assert_unread::<retyped::User>(&users);
    assert_unread::<deeper::User>(&users);
    assert_unread::<last_variant::Pet>(&encode(&Pet::None));
}

/// Two versions of a service over one store: each reads a miss of what the other wrote, and fills it again.
#[tokio::test]
async fn a_deploy_that_changes_the_type_and_its_undoing_read_misses_that_can_be_filled() {
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Newer {
        name: String,
        age: u32,
        scores: BTreeMap<String, f64>,
        mail: Option<String>,
    }
    async fn misses_and_fills<T>(users: &Encoded<Shared<Parcels>, Json<T>>, value: T, failures: u64)
    where
        T: Value + std::fmt::Debug + PartialEq + Serialize + DeserializeOwned,
    {
        let key = b"ann".to_vec();
        let Ok(Lookup::Miss(lease)) = users.get(&key).await else { panic!("it is of another type") };
        assert_eq!(users.decode_failures(), failures);
        assert!(users.fill(key.clone(), value.clone().into(), lease).await.unwrap().is_stored());
        assert_eq!(users.value(&key).await.unwrap(), Some(value));
    }
    let parcels = Parcels::new(9, Lru::new).shared();
    let (before, after) = (parcels.clone().encode(Json::new()), parcels.encode(Json::new()));
    let newer = Newer { name: "Ann".into(), age: 1, scores: BTreeMap::new(), mail: None };
    misses_and_fills(&before, User::default(), 0).await;
    misses_and_fills(&after, newer, 1).await;
    misses_and_fills(&before, User::default(), 1).await;
}

#[test]
fn the_same_shape_elsewhere_is_read() {
    mod moved {
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub(crate) struct User {
            pub(crate) name: String,
            pub(crate) age: u32,
            pub(crate) scores: std::collections::BTreeMap<String, f64>,
        }
    }
    for read in decode::<moved::User>(&encode(&User::default())) {
        assert_eq!(read.unwrap().name, "");
    }
}

#[test]
fn another_version_is_not_read() {
    let json = Json::<u8>::new().version(1).encode(&1, &CONTEXT).unwrap();
    let message_pack = MessagePack::<u8>::new().version(1).encode(&1, &CONTEXT).unwrap();
    let postcard = Postcard::<u8>::new().version(1).encode(&1, &CONTEXT).unwrap();
    assert_eq!(Json::<u8>::new().version(1).decode(&json, &CONTEXT).unwrap(), 1);
    assert_unread::<u8>(&[json, message_pack, postcard]);
}

#[test]
fn another_version_of_a_change_is_not_read() {
    let bytes = PostcardChange::new().version(1).encode(&Change::Put(1_u8, 2_u8), &CONTEXT).unwrap();
    assert!(PostcardChange::<u8, u8>::new().decode(&bytes, &CONTEXT).is_err());
    assert!(PostcardChange::<u8, u8>::new().version(1).decode(&bytes, &CONTEXT).is_ok());
}

/// What a version wrote once, it must read for ever. Never change these files: a new form is a new number.
#[test]
fn the_golden_bytes_of_each_codec_are_written_and_read() {
    let golden: [&[u8]; 3] = [
        include_bytes!("golden/json.bin"),
        include_bytes!("golden/message_pack.bin"),
        include_bytes!("golden/postcard.bin"),
    ];
    let parcels = golden.map(|bytes| Envelope::read(bytes, Time::ZERO, std::time::Duration::ZERO).unwrap().0);
    assert_eq!(encode(&pets()), parcels);
    for read in decode::<Vec<Pet>>(&parcels) {
        assert_eq!(read.unwrap(), pets());
    }
}

#[test]
fn the_number_of_a_shape_is_for_ever() {
    let change = PostcardChange::<u8, u8>::new().encode(&Change::Put(7, 8), &CONTEXT).unwrap();
    assert_eq!(change, include_bytes!("golden/change.bin"));
    assert_eq!(encode(&7_u8)[0].label.schema.to_le_bytes(), SHAPE_OF_U8);
}

const SHAPE_OF_U8: [u8; 8] = [141, 140, 24, 115, 177, 102, 60, 249];
