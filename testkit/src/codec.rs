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
//! A codec whose encoded form is not bytes has [`round_trips`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use larder_core::{Codec, Context, Entry, Life, Lifetimes, Random, Result, Time};

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
    let context = Context { key: b"key", life: Life::DEFAULT };
    let random = Random::seeded(options.seed);
    for (place, value) in values.iter().enumerate() {
        let encoded = done(codec.encode(value, &context), "encode");
        let trial = Trial { codec, context, place, sealed: options.sealed };
        trial.cut(encoded.as_ref(), options.rounds);
        trial.flip(encoded.as_ref(), options.rounds, &random);
        trial.overwrite(encoded.as_ref(), options.rounds, &random);
        trial.noise(options.rounds, &random);
        trial.relocate(&encoded);
    }
}

/// The damage done to one encoded value.
struct Trial<'a, C> {
    codec: &'a C,
    context: Context<'a>,
    place: usize,
    sealed: bool,
}

impl<C: Codec<Encoded: AsRef<[u8]> + From<Vec<u8>>>> Trial<'_, C> {
    /// The value cut off after each byte, and with bytes after its end.
    fn cut(&self, whole: &[u8], rounds: usize) {
        let step = whole.len() / rounds.max(1) + 1;
        for end in (0..whole.len()).step_by(step) {
            self.damaged(whole[..end].to_vec(), "a cut");
            self.damaged(whole[end + 1..].to_vec(), "a cut at the front");
        }
        self.damaged([whole, &[0]].concat(), "a byte more");
        self.damaged([whole, whole].concat(), "a repetition");
    }

    /// Each bit flipped, or as many at random as there may be rounds.
    fn flip(&self, whole: &[u8], rounds: usize, random: &Random) {
        let bits = whole.len() * 8;
        for round in 0..bits.min(rounds) {
            let bit = if bits <= rounds { round } else { below(random, bits) };
            let mut damaged = whole.to_vec();
            damaged[bit / 8] ^= 1 << (bit % 8);
            self.damaged(damaged, "a flipped bit");
        }
    }

    /// A stretch overwritten with extreme bytes: what lengths and counts are read from.
    fn overwrite(&self, whole: &[u8], rounds: usize, random: &Random) {
        for _ in 0..rounds.min(8 * whole.len()) {
            let mut damaged = whole.to_vec();
            let start = below(random, whole.len());
            let end = (start + 1 + below(random, 8)).min(whole.len());
            damaged[start..end].fill([0, 0x7f, 0x80, 0xff][below(random, 4)]);
            if damaged != whole {
                self.damaged(damaged, "an overwritten stretch");
            }
        }
    }

    /// Random bytes, short ones more often.
    fn noise(&self, rounds: usize, random: &Random) {
        for _ in 0..rounds {
            let length = below(random, 1 << below(random, 10));
            self.damaged((0..length).map(|_| random.next() as u8).collect(), "random bytes");
        }
    }

    /// The value under another key.
    fn relocate(&self, encoded: &C::Encoded) {
        let elsewhere = Context { key: b"another key", ..self.context };
        let decoded = decode(self.codec, encoded, &elsewhere, self.place);
        demand(!self.sealed || decoded.is_err(), "a sealed value doesn't open under another key", self.place);
    }

    fn damaged(&self, bytes: Vec<u8>, damage: &str) {
        let decoded = decode(self.codec, &C::Encoded::from(bytes), &self.context, self.place);
        demand(
            !self.sealed || decoded.is_err(),
            &format!("a sealed value doesn't open after {damage}"),
            self.place,
        );
    }
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

fn below(random: &Random, bound: usize) -> usize {
    (random.next() % bound.max(1) as u64) as usize
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
