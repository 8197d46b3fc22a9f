//! Any bytes as a value of each codec, by the first byte.
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use larder_core::{Codec, Context, Life, Parcel};
use larder_serde::{Json, MessagePack, Postcard};
use libfuzzer_sys::fuzz_target;
use serde::{Deserialize, Serialize};

/// Some of everything that types are made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Thing {
    Nothing,
    Number(i64, f64, Option<u8>),
    Named { name: String, bytes: Vec<u8>, parts: Vec<Thing> },
    Mapped(BTreeMap<String, Thing>),
}

type Form = Box<dyn Codec<Plain = Thing, Encoded = Parcel>>;

static FORMS: LazyLock<[Form; 3]> =
    LazyLock::new(|| [Box::new(Json::new()), Box::new(MessagePack::new()), Box::new(Postcard::new())]);

const CONTEXT: Context<'static> = Context { key: b"key", life: Life::DEFAULT };

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let form = &FORMS[usize::from(*first) % 3];
    let Ok(Parcel { label, .. }) = form.encode(&Thing::Nothing, &CONTEXT) else { return };
    if let Ok(thing) = form.decode(&Parcel::new(label, bytes), &CONTEXT) {
        assert!(form.encode(&thing, &CONTEXT).is_ok());
    }
});
