//! The codecs keep their contract, and another type's bytes are not read.

use std::collections::BTreeMap;
use std::num::NonZeroU8;

use larder_core::{Change, Codec, Context, ErrorKind, Life};
use larder_serde::{Postcard, PostcardChange};
use larder_testkit::codec::{Options, conforms};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Pet {
    None,
    Cat(String, u8),
    Dog { name: String, friends: Vec<Pet> },
    Number(NonZeroU8),
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct User {
    name: String,
    age: u32,
    scores: BTreeMap<String, f64>,
}

fn pets() -> Vec<Pet> {
    let dog = |friends| Pet::Dog { name: "Rex".into(), friends };
    vec![Pet::None, Pet::Cat("Mia".into(), 9), dog(vec![dog(vec![]), Pet::None]), Pet::Number(NonZeroU8::MAX)]
}

const CONTEXT: Context<'static> = Context { key: b"key", life: Life::DEFAULT };

fn encode<T: Clone + Send + Sync + Serialize + DeserializeOwned + 'static>(plain: &T) -> Vec<u8> {
    Postcard::<T>::new().encode(plain, &CONTEXT).expect("it has a form")
}

#[track_caller]
fn assert_unread<T: Clone + Send + Sync + Serialize + DeserializeOwned + 'static>(bytes: &[u8]) {
    let error = Postcard::<T>::new().decode(&bytes.to_vec(), &CONTEXT).err().expect("it is not read");
    assert_eq!(error.kind(), ErrorKind::Codec);
}

#[test]
fn the_codecs_keep_their_contract() {
    conforms(&Postcard::<Pet>::new(), &pets(), &Options::new());
    conforms(&Postcard::<u64>::new(), &[0, 1, u64::MAX], &Options::new());
    conforms(&Postcard::<User>::new().version(7), &[User::default()], &Options::new());
    let mut changes: Vec<_> = pets().into_iter().map(|pet| Change::Put("k".to_owned(), pet)).collect();
    changes.push(Change::Delete("gone".into()));
    conforms(&PostcardChange::<String, Pet>::new(), &changes, &Options::new());
}

#[test]
fn an_absent_value_is_not_a_deletion() {
    let codec = PostcardChange::<u8, Option<u8>>::new();
    let bytes = codec.encode(&Change::Put(1, None), &CONTEXT).unwrap();
    assert_eq!(codec.decode(&bytes, &CONTEXT).unwrap(), Change::Put(1, None));
}

#[test]
fn another_type_is_not_read_though_its_bytes_would_fit() {
    let bytes = encode(&7_u32);
    assert_unread::<u64>(&bytes);
    assert_unread::<i32>(&bytes);
    assert_unread::<(u32,)>(&bytes);
    assert_unread::<Option<u32>>(&bytes);
    assert_unread::<Vec<u32>>(&encode(&vec![7_u64]));
    assert_unread::<BTreeMap<u8, u8>>(&encode(&vec![(1_u8, 1_u8)]));
    assert_unread::<String>(&encode(&Vec::<u8>::new()));
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
    let bytes = encode(&User::default());
    assert_unread::<renamed::User>(&bytes);
    assert_unread::<retyped::User>(&bytes);
    assert_unread::<deeper::User>(&bytes);
    assert_unread::<last_variant::Pet>(&encode(&Pet::None));
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
    let read = Postcard::<moved::User>::new().decode(&encode(&User::default()), &CONTEXT);
    assert_eq!(read.unwrap().name, "");
}

#[test]
fn another_version_is_not_read() {
    let bytes = Postcard::<u8>::new().version(1).encode(&1, &CONTEXT).unwrap();
    assert_unread::<u8>(&bytes);
    assert_eq!(Postcard::<u8>::new().version(1).decode(&bytes, &CONTEXT).unwrap(), 1);
}

#[test]
fn the_number_of_a_shape_is_for_ever() {
    assert_eq!(encode(&7_u8), [SHAPE_OF_U8.as_slice(), &[7]].concat());
}

const SHAPE_OF_U8: [u8; 8] = [141, 140, 24, 115, 177, 102, 60, 249];
