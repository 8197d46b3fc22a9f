//! Does a codec give back what it was given, and survive what it wasn't? Ask [`conforms`].
//!
//! ```
//! use larder_core::{Codec, Context, Error, ErrorKind, Result};
//! use larder_testkit::codec::{Options, conforms};
//!
//! struct Decimal;
//!
//! impl Codec for Decimal {
//!     type Plain = u64;
//!     type Encoded = Vec<u8>;
//!
//!     fn encode(&self, plain: &u64, _: &Context<'_>) -> Result<Vec<u8>> {
//!         Ok(plain.to_string().into_bytes())
//!     }
//!
//!     fn decode(&self, encoded: &Vec<u8>, _: &Context<'_>) -> Result<u64> {
//!         let text = std::str::from_utf8(encoded).ok();
//!         text.and_then(|text| text.parse().ok()).ok_or_else(|| Error::new(ErrorKind::Codec, "decoding a number"))
//!     }
//! }
//!
//! conforms(&Decimal, &[0, 7, u64::MAX], &Options::new());
//! ```
//!
//! A codec that makes parcels has [`parcels`], any other [`round_trips`]; and every decoder has [`fuzz`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use larder_core::{Codec, Context, Entry, Envelope, Label, Life, Lifetimes, Parcel, Random, Result, Time};

use crate::damage::{damaged, mutated};

/// What a codec claims, and where the random bytes come from.
#[derive(Clone, Debug)]
pub struct Options {
    sealed: bool,
    seed: u64,
    rounds: usize,
}

impl Options {
    /// A codec that claims to give back what it was given, and not to panic.
    pub const fn new() -> Self {
        Self { sealed: false, seed: 0, rounds: 2_000 }
    }

    /// The codec notices every change of the encoded bytes, and a move to another key.
    pub const fn sealed(mut self) -> Self {
        self.sealed = true;
        self
    }

    /// The seed of the random bytes. Without it: 0.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// At most how many damaged forms of each kind are tried for each value. Without it: 2,000.
    pub const fn rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// Checks that each of `values` comes back under every kind of key and life.
///
/// # Panics
///
/// If the codec breaks a rule. The message names it, and the value by its place among `values`.
pub fn round_trips<C: Codec<Plain: PartialEq>>(codec: &C, values: &[C::Plain]) {
    for key in [&b""[..], b"key", &[0; 300], &[0xff, 0, b'\n']] {
        for life in lives() {
            let told = Context { key, life };
            let kept = Context { key, life: resolved(life) };
            let encoded: Vec<_> =
                values.iter().map(|value| done(codec.encode(value, &told), "encode")).collect();
            for (place, (value, encoded)) in values.iter().zip(&encoded).enumerate().rev() {
                for context in [told, kept] {
                    let decoded = done(decode(codec, encoded, &context, place), "decode of what it encoded");
                    demand(decoded == *value, "decode gives back what encode was given", place);
                }
            }
        }
    }
}

/// Checks that each of `values` comes back, and that no damaged form of them, nor random bytes, make it panic.
///
/// # Panics
///
/// If the codec breaks a rule. The message names it, and the value by its place among `values`.
pub fn conforms<C>(codec: &C, values: &[C::Plain], options: &Options)
where
    C: Codec<Plain: PartialEq, Encoded: AsRef<[u8]> + From<Vec<u8>>>,
{
    round_trips(codec, values);
    let random = Random::seeded(options.seed);
    for (place, value) in values.iter().enumerate() {
        let encoded = done(codec.encode(value, &CONTEXT), "encode");
        damaged(encoded.as_ref(), options.rounds, &random, &mut |bytes, damage| {
            let decoded = decode(codec, &C::Encoded::from(bytes), &CONTEXT, place);
            demand_shut(options.sealed && decoded.is_ok(), damage, place);
        });
        let decoded = decode(codec, &encoded, &ELSEWHERE, place);
        demand(!options.sealed || decoded.is_err(), UNMOVED, place);
    }
}

/// The same for a codec that makes parcels: of values, or of other parcels.
///
/// Each parcel is damaged three times: in its [`Envelope`], where every change must be an error; then its payload alone, and
/// its label, as who can make envelopes himself would do it, where every change must be an error if the codec is
/// [`sealed`](Options::sealed).
///
/// # Panics
///
/// If the codec breaks a rule. The message names it, and the value by its place among `values`.
pub fn parcels<C>(codec: &C, values: &[C::Plain], options: &Options)
where
    C: Codec<Plain: PartialEq, Encoded = Parcel>,
{
    round_trips(codec, values);
    let random = Random::seeded(options.seed);
    for (place, value) in values.iter().enumerate() {
        let parcel = done(codec.encode(value, &CONTEXT), "encode");
        let bytes = Envelope::write(&parcel, CONTEXT.life, Time::ZERO);
        damaged(&bytes, options.rounds, &random, &mut |bytes, damage| {
            let opened = Envelope::read(&bytes, Time::ZERO, Duration::ZERO);
            let decoded = opened.and_then(|(parcel, _)| decode(codec, &parcel, &CONTEXT, place));
            let rule = format!("an envelope doesn't open after {damage}");
            demand(decoded.is_err(), &rule, place);
        });
        damaged(parcel.payload(), options.rounds, &random, &mut |bytes, damage| {
            let damaged = Parcel::new(parcel.label.clone(), bytes);
            let decoded = decode(codec, &damaged, &CONTEXT, place);
            demand_shut(options.sealed && decoded.is_ok(), damage, place);
        });
        for label in other_labels(&parcel.label) {
            let relabelled = Parcel::new(label, parcel.payload());
            let decoded = decode(codec, &relabelled, &CONTEXT, place);
            demand_shut(options.sealed && decoded.is_ok(), "a change of its label", place);
        }
        let decoded = decode(codec, &parcel, &ELSEWHERE, place);
        demand(!options.sealed || decoded.is_err(), UNMOVED, place);
    }
}

/// Feeds `decode` with damaged forms of `inputs`, random but the same each time: it must survive them. A fuzzer for the
/// toolchain at hand, which knows nothing of the code it runs; give it an input of each form there is.
///
/// The environment variable `LARDER_FUZZ_ROUNDS` says how many, for long runs; else the options do.
///
/// # Panics
///
/// If `decode` does. The message has the input's number and seed: another run gives the same.
pub fn fuzz(inputs: &[Vec<u8>], options: &Options, decode: impl Fn(Vec<u8>)) {
    let told = std::env::var("LARDER_FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let random = Random::seeded(options.seed);
    for round in 0..told.unwrap_or(options.rounds) {
        let bytes = mutated(inputs, &random);
        let survived = catch_unwind(AssertUnwindSafe(|| decode(bytes.clone()))).is_ok();
        assert!(survived, "the decoder panics in round {round} of seed {}, on {bytes:02x?}", options.seed);
    }
}

const CONTEXT: Context<'static> = Context { key: b"key", life: Life::DEFAULT };
const ELSEWHERE: Context<'static> = Context { key: b"another key", life: Life::DEFAULT };
const UNMOVED: &str = "a sealed value doesn't open under another key";

#[track_caller]
fn demand_shut(open: bool, damage: &str, place: usize) {
    demand(!open, &format!("a sealed value doesn't open after {damage}"), place);
}

/// The label with each of its fields changed, one at a time.
fn other_labels(label: &Label) -> Vec<Label> {
    let stamps = [label.stamps(), &[7]].concat();
    let of = |change: fn(&mut Label)| {
        let mut label = label.clone();
        change(&mut label);
        label
    };
    vec![
        of(|label| label.codec ^= 1),
        of(|label| label.compressor ^= 1),
        of(|label| label.cipher ^= 1),
        of(|label| label.cipher = 0),
        of(|label| label.key_id ^= 1),
        of(|label| label.schema ^= 1),
        Label { stamps: Some(Arc::new(stamps)), ..label.clone() },
    ]
    .into_iter()
    .filter(|other| other != label)
    .collect()
}

/// Lives as an application says them, and as a store keeps them.
fn lives() -> [Life; 4] {
    let short = Entry::new(()).fresh_for(Duration::from_secs(1)).ttl(Duration::from_mins(1)).life();
    [Life::DEFAULT, short, Entry::new(()).never_expires().life(), resolved(short)]
}

/// The life that a store makes of `life`.
fn resolved(life: Life) -> Life {
    let defaults = Lifetimes { usable: Some(Duration::from_hours(1)), ..Lifetimes::default() };
    life.resolve(Time::from_nanos(1_234_567), &defaults, || 0)
}

#[track_caller]
fn decode<C: Codec>(
    codec: &C,
    encoded: &C::Encoded,
    context: &Context<'_>,
    place: usize,
) -> Result<C::Plain> {
    let decoded = catch_unwind(AssertUnwindSafe(|| codec.decode(encoded, context)));
    demand(decoded.is_ok(), "decode never panics, whatever it is given", place);
    match decoded {
        Ok(decoded) => decoded,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

#[track_caller]
fn demand(holds: bool, rule: &str, place: usize) {
    assert!(holds, "the codec breaks its contract: {rule} (value number {place})");
}

#[track_caller]
fn done<T>(result: Result<T>, doing: &str) -> T {
    match result {
        Ok(done) => done,
        Err(error) => panic!("the codec breaks its contract: {doing} never fails: {error}"),
    }
}
