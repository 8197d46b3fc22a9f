//! The codec suite passes what keeps the contract, and bites what breaks it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::{Codec, Context, Error, ErrorKind, Result};
use larder_testkit::codec::{Options, conforms, round_trips};

/// Text with its length before it and a sum behind it; and ways to get that wrong.
#[derive(Clone, Copy, PartialEq)]
enum Text {
    Right,
    Sealed,
    TrustsLength,
    DropsTheLast,
    FailsOnEmpty,
    BindsLife,
    ForgetsTheKey,
    ChecksOnlyTheHead,
}

fn sum<'a>(bytes: impl Iterator<Item = &'a u8>) -> [u8; 8] {
    bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
        .to_be_bytes()
}

fn broken() -> Error {
    Error::new(ErrorKind::Codec, "decoding a text")
}

impl Text {
    fn seal(self, body: &[u8], context: &Context<'_>) -> [u8; 8] {
        let key = if self == Self::ForgetsTheKey { &[] } else { context.key };
        let body = if self == Self::ChecksOnlyTheHead { &body[..1] } else { body };
        let mut seal = sum(key.iter().chain(&[0]).chain(body));
        if self == Self::BindsLife {
            seal[0] ^= u8::from(context.life.usable_until().time().is_some());
        }
        seal
    }
}

impl Codec for Text {
    type Plain = String;
    type Encoded = Vec<u8>;

    fn encode(&self, plain: &String, context: &Context<'_>) -> Result<Vec<u8>> {
        if *self == Self::FailsOnEmpty && plain.is_empty() {
            return Err(broken());
        }
        let length = u8::try_from(plain.len()).map_err(|_| broken())?;
        let body = [&[length], plain.as_bytes()].concat();
        let seal = self.seal(&body, context);
        Ok([body, seal.to_vec()].concat())
    }

    fn decode(&self, encoded: &Vec<u8>, context: &Context<'_>) -> Result<String> {
        if *self == Self::TrustsLength {
            let length = usize::from(encoded[0]);
            return String::from_utf8(encoded[1..=length].to_vec()).map_err(|_| broken());
        }
        let (body, seal) = encoded.split_last_chunk::<8>().ok_or_else(broken)?;
        let (length, text) = body.split_first().ok_or_else(broken)?;
        if usize::from(*length) != text.len() {
            return Err(broken());
        }
        if *self != Self::Right && *seal != self.seal(body, context) {
            return Err(broken());
        }
        let mut text = String::from_utf8(text.to_vec()).map_err(|_| broken())?;
        if *self == Self::DropsTheLast && text.len() > 5 {
            text.pop();
        }
        Ok(text)
    }
}

fn values() -> [String; 3] {
    ["", "short", "a somewhat longer text, übrigens"].map(String::from)
}

fn verdict(codec: &impl Codec<Plain = String, Encoded = Vec<u8>>, options: &Options) -> Option<String> {
    let run = || conforms(codec, &values(), options);
    let panic = catch_unwind(AssertUnwindSafe(run)).err()?;
    Some(panic.downcast_ref::<String>().expect("a panic with a sentence").clone())
}

fn bites(codec: Text, options: &Options, sentence: &str) {
    let verdict = verdict(&codec, options).expect("the fault goes unnoticed");
    assert!(verdict.contains(sentence), "reported as: {verdict}");
}

#[test]
fn codecs_that_keep_the_contract_pass() {
    for seed in 0..3 {
        assert_eq!(verdict(&Text::Right, &Options::new().seed(seed)), None);
        assert_eq!(verdict(&Text::Sealed, &Options::new().seed(seed).sealed()), None);
    }
}

#[test]
fn codecs_that_break_it_are_found() {
    let plain = Options::new();
    bites(Text::TrustsLength, &plain, "decode never panics, whatever it is given (value number 0)");
    bites(Text::DropsTheLast, &plain, "decode gives back what encode was given (value number 2)");
    bites(Text::FailsOnEmpty, &plain, "encode never fails");
    bites(Text::BindsLife, &plain, "decode of what it encoded never fails");
}

#[test]
fn a_seal_that_holds_nothing_is_found() {
    let sealed = Options::new().sealed();
    bites(Text::Right, &sealed, "a sealed value doesn't open after a flipped bit");
    bites(Text::ForgetsTheKey, &sealed, "a sealed value doesn't open under another key");
    bites(Text::ChecksOnlyTheHead, &sealed, "a sealed value doesn't open after a flipped bit");
}

/// Not bytes, and each value encoded differently each time.
struct Numbered(AtomicU64);

impl Codec for Numbered {
    type Plain = u32;
    type Encoded = (u64, u32);

    fn encode(&self, plain: &u32, _: &Context<'_>) -> Result<(u64, u32)> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Ok((number, *plain ^ number as u32))
    }

    fn decode(&self, (number, plain): &(u64, u32), _: &Context<'_>) -> Result<u32> {
        Ok(plain ^ *number as u32)
    }
}

#[test]
fn a_codec_to_something_else_than_bytes_can_be_checked_for_round_trips() {
    round_trips(&Numbered(AtomicU64::new(0)), &[0, 1, u32::MAX]);
}
