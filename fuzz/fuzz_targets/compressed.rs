//! Any bytes as compressed ones, by the first byte: an error, or no more than the bound.
#![no_main]

use larder_compress::{Deflate, Gzip, Lz4, Zlib, Zstd};
use larder_core::{Codec, Context, Label, Life, Parcel, parcel::compressor};
use libfuzzer_sys::fuzz_target;

const BOUND: usize = 1 << 20;
const CONTEXT: Context<'static> = Context { key: b"key", life: Life::DEFAULT };

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let parcel = |compressor| Parcel::new(Label { compressor, ..Label::default() }, bytes);
    let read = match first % 5 {
        0 => Deflate::level(6).at_most(BOUND).decode(&parcel(compressor::DEFLATE), &CONTEXT),
        1 => Zlib::level(6).at_most(BOUND).decode(&parcel(compressor::ZLIB), &CONTEXT),
        2 => Gzip::level(6).at_most(BOUND).decode(&parcel(compressor::GZIP), &CONTEXT),
        3 => Zstd::level(3).at_most(BOUND).decode(&parcel(compressor::ZSTD), &CONTEXT),
        _ => Lz4::new().at_most(BOUND).decode(&parcel(compressor::LZ4), &CONTEXT),
    };
    assert!(read.is_err() || read.is_ok_and(|plain| plain.payload().len() <= BOUND));
});
