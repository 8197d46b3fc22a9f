//! What sealing and compressing cost beside their libraries, each pair on the same buffers, with as many bytes bound.

use std::hint::black_box;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use larder::compress::{Compressed, Compressor, Deflate, Lz4, Zstd};
use larder::seal::{Algorithm, Keyring, Sealed, SecretKey};
use larder::{Codec, Context, Label, Life, Parcel, Random};
use parking_lot::Mutex;

use super::aead::{gcm, xchacha};
use crate::contestant::Contestant;
use crate::setting::env;
use crate::workload::Requests;

/// So many buffers are gone through, so that none is answered from a branch predictor's memory.
const BUFFERS: u64 = 16;

const KEY: [u8; 32] = [7; 32];

/// What the libraries bind: as many bytes as a seal does for [`CONTEXT`], in namespace, key, label and deadline.
const BOUND: [u8; 99] = [5; 99];

/// Where a value is kept.
const CONTEXT: Context<'static> = Context { key: b"user:0000000000000000042", life: Life::DEFAULT };

fn requests() -> Requests<u64> {
    Requests { keys: (0..BUFFERS * 6).map(|request| request % BUFFERS).collect() }
}

/// Contestants do an operation on each buffer in turn; what is made before isn't counted.
fn over<T: Send + Sync + 'static>(
    name: &str,
    prepare: impl Fn(Vec<u8>) -> T + 'static,
    length: usize,
    operation: impl Fn(&T) -> bool + Send + Sync + 'static,
) -> Contestant {
    Contestant::new(name, &requests(), move || {
        let prepared: Vec<T> = (0..BUFFERS).map(|number| prepare(text(number, length))).collect();
        move |request: &u64| operation(&prepared[*request as usize])
    })
}

/// Words with numbers among them: about a third remains of it.
fn text(number: u64, length: usize) -> Vec<u8> {
    const WORDS: [&str; 12] = [
        "cache", "store", "lease", "entry", "miss", "hit", "fill", "far", "near", "deadline", "shard", "load",
    ];
    let random = Random::seeded(number);
    let mut text = String::new();
    while text.len() < length {
        let word = WORDS[(random.next() % 12) as usize];
        text.push_str(word);
        if random.next().is_multiple_of(3) {
            text.push_str(&(random.next() % 1_000).to_string());
        }
        text.push(' ');
    }
    text.truncate(length);
    text.into_bytes()
}

fn parcel(payload: Vec<u8>) -> Parcel {
    Parcel::new(Label::default(), payload)
}

fn encoded(codec: &impl Codec<Plain = Parcel, Encoded = Parcel>, payload: Vec<u8>) -> Parcel {
    codec.encode(&parcel(payload), &CONTEXT).unwrap_or_else(|_| parcel(Vec::new()))
}

fn seal<A: Algorithm>() -> Sealed<A> {
    Sealed::new(&Keyring::new(1, SecretKey::new(KEY)), &env()).namespace("users")
}

fn sealing<A: Algorithm>(length: usize) -> Contestant {
    let codec = seal::<A>();
    over("larder-seal", parcel, length, move |plain| black_box(codec.encode(plain, &CONTEXT)).is_ok())
}

fn opening<A: Algorithm>(length: usize) -> Contestant {
    let codec = seal::<A>();
    let prepare = codec.clone();
    let sealed = move |plain| encoded(&prepare, plain);
    over("larder-seal", sealed, length, move |sealed| black_box(codec.decode(sealed, &CONTEXT)).is_ok())
}

pub(super) fn seal_xchacha(length: usize) -> Vec<Contestant> {
    let library = xchacha(&KEY);
    let seal = move |plain: &Vec<u8>| black_box(library.seal(plain, &BOUND)).is_some();
    vec![over("chacha20poly1305", |plain| plain, length, seal), sealing::<larder::seal::XChaCha>(length)]
}

pub(super) fn open_xchacha(length: usize) -> Vec<Contestant> {
    let (library, prepare) = (xchacha(&KEY), xchacha(&KEY));
    let sealed = move |plain: Vec<u8>| prepare.seal(&plain, &BOUND).unwrap_or_default();
    let open = move |sealed: &Vec<u8>| black_box(library.open(sealed, &BOUND)).is_some();
    vec![over("chacha20poly1305", sealed, length, open), opening::<larder::seal::XChaCha>(length)]
}

pub(super) fn seal_gcm(length: usize) -> Vec<Contestant> {
    let library = gcm(&KEY);
    let seal = move |plain: &Vec<u8>| black_box(library.seal(plain, &BOUND)).is_some();
    vec![over("aes-gcm", |plain| plain, length, seal), sealing::<larder::seal::Gcm>(length)]
}

pub(super) fn open_gcm(length: usize) -> Vec<Contestant> {
    let (library, prepare) = (gcm(&KEY), gcm(&KEY));
    let sealed = move |plain: Vec<u8>| prepare.seal(&plain, &BOUND).unwrap_or_default();
    let open = move |sealed: &Vec<u8>| black_box(library.open(sealed, &BOUND)).is_some();
    vec![over("aes-gcm", sealed, length, open), opening::<larder::seal::Gcm>(length)]
}

/// A pair for compressing, and one for decompressing.
fn pair<C: Compressor, B: Send + Sync + 'static>(
    name: &'static str,
    (length, packs): (usize, bool),
    codec: Compressed<C>,
    by_hand: B,
    pack: fn(&B, &[u8]) -> Option<Vec<u8>>,
    unpack: fn(&B, &[u8], usize) -> Option<Vec<u8>>,
) -> Vec<Contestant> {
    let prepare = codec.clone();
    if packs {
        let library =
            over(name, |plain| plain, length, move |plain| black_box(pack(&by_hand, plain)).is_some());
        let ours = move |plain: &Parcel| black_box(codec.encode(plain, &CONTEXT)).is_ok();
        return vec![library, over("larder-compress", parcel, length, ours)];
    }
    let packed = move |plain| encoded(&prepare, plain);
    let (again, skipped) = (codec.clone(), usize::from(name == "lz4_flex") * 4);
    let packed_too = move |plain| encoded(&again, plain);
    let library =
        move |packed: &Parcel| black_box(unpack(&by_hand, &packed.payload()[skipped..], length)).is_some();
    let ours = move |packed: &Parcel| black_box(codec.decode(packed, &CONTEXT)).is_ok();
    vec![over(name, packed, length, library), over("larder-compress", packed_too, length, ours)]
}

/// Zstandard at level 3 with contexts that are used again.
pub(super) fn zstd(work: (usize, bool)) -> Vec<Contestant> {
    use zstd::bulk::{Compressor, Decompressor};
    let contexts = (Mutex::new(Compressor::new(3).ok()), Mutex::new(Decompressor::new().ok()));
    pair(
        "zstd",
        work,
        Zstd::level(3),
        contexts,
        |(press, _), plain| press.lock().as_mut()?.compress(plain).ok(),
        |(_, expand), packed, length| expand.lock().as_mut()?.decompress(packed, length).ok(),
    )
}

/// Deflate at level 6 with contexts that are used again.
pub(super) fn deflate(work: (usize, bool)) -> Vec<Contestant> {
    let press = Mutex::new(Compress::new(Compression::new(6), false));
    let contexts = (press, Mutex::new(Decompress::new(false)));
    pair(
        "flate2",
        work,
        Deflate::level(6),
        contexts,
        |(press, _), plain| {
            let (mut press, mut packed) = (press.lock(), Vec::with_capacity(plain.len()));
            press.reset();
            press.compress_vec(plain, &mut packed, FlushCompress::Finish).ok()?;
            Some(packed)
        },
        |(_, expand), packed, length| {
            let (mut expand, mut plain) = (expand.lock(), Vec::with_capacity(length));
            expand.reset(false);
            expand.decompress_vec(packed, &mut plain, FlushDecompress::Finish).ok()?;
            Some(plain)
        },
    )
}

/// LZ4 with a table that is used again.
pub(super) fn lz4(work: (usize, bool)) -> Vec<Contestant> {
    use lz4_flex::block::{CompressTable, compress_into_with_table, decompress, get_maximum_output_size};
    pair(
        "lz4_flex",
        work,
        Lz4::new(),
        Mutex::new(CompressTable::default()),
        |table, plain| {
            let mut packed = vec![0; get_maximum_output_size(plain.len())];
            let written = compress_into_with_table(plain, &mut packed, &mut table.lock()).ok()?;
            packed.truncate(written);
            Some(packed)
        },
        |_, packed, length| decompress(packed, length).ok(),
    )
}
