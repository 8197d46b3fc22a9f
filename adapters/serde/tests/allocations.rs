//! Nothing is allocated because bytes say so: room is in proportion to what is there.
//!
//! The counting allocator counts for the whole process: so there is one test.

use std::alloc::System;
use std::collections::{BTreeMap, HashMap};

use larder_core::{Change, Codec, Context, Label, Life, Parcel, Value};
use larder_serde::{Json, MessagePack, Postcard, PostcardChange};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const CONTEXT: Context<'static> = Context { key: b"key", life: Life::DEFAULT };

/// No more is allocated for a few bytes that promise billions.
const MOST: usize = 4 << 10;

/// Lengths from 2³² to 2⁶⁴, with little behind them.
const LIES: [&[u8]; 7] = [
    &[0xdd, 0xff, 0xff, 0xff, 0xff, 1],    // MessagePack: an array
    &[0xdf, 0xff, 0xff, 0xff, 0xff, 1, 1], // a map
    &[0xdb, 0xff, 0xff, 0xff, 0xff, b'a'], // a string
    &[0xc6, 0xff, 0xff, 0xff, 0xff, 1],    // bytes
    &[0xff, 0xff, 0xff, 0xff, 0x0f, 1],    // postcard: 2³² - 1
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 1], // 2⁶⁴ - 1
    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 1, 1, 1], // 2⁶³
];

fn assert_no_room_for_lies<T: Value + Serialize + DeserializeOwned>(plain: &T) {
    let codecs: [&dyn Codec<Plain = T, Encoded = Parcel>; 3] =
        [&Json::new(), &MessagePack::new(), &Postcard::new()];
    for codec in codecs {
        let label = codec.encode(plain, &CONTEXT).unwrap().label;
        for lie in LIES {
            // As it is, and within an array of one in each of the two formats.
            for before in [&[][..], &[0x91], &[1]] {
                assert_bounded(codec, &label, &[before, lie].concat());
            }
        }
    }
}

fn assert_bounded<T: Value>(codec: &dyn Codec<Plain = T, Encoded = Parcel>, label: &Label, bytes: &[u8]) {
    let parcel = Parcel::new(label.clone(), bytes);
    let region = Region::new(ALLOCATOR);
    drop(codec.decode(&parcel, &CONTEXT));
    let allocated = region.change().bytes_allocated;
    assert!(allocated < MOST, "{allocated} bytes for {bytes:02x?} as {}", std::any::type_name::<T>());
}

#[test]
fn a_length_that_is_not_there_gets_no_room() {
    assert_no_room_for_lies(&vec![1_u64]);
    assert_no_room_for_lies(&vec![vec![1_u64]]);
    assert_no_room_for_lies(&vec!["a".to_owned()]);
    assert_no_room_for_lies(&"a".to_owned());
    assert_no_room_for_lies(&BTreeMap::from([(1_u64, vec![1_u64])]));
    assert_no_room_for_lies(&HashMap::from([(1_u64, [1_u64; 8])]));
    let codec = PostcardChange::<u64, Vec<u64>>::new();
    let mut bytes = codec.encode(&Change::Put(1, vec![1]), &CONTEXT).unwrap();
    bytes.truncate(bytes.len() - 2);
    bytes.extend([0xff, 0xff, 0xff, 0xff, 0x0f, 1]);
    let region = Region::new(ALLOCATOR);
    assert!(codec.decode(&bytes, &CONTEXT).is_err());
    assert!(region.change().bytes_allocated < MOST);
}
