//! What an envelope gives back, and what it refuses.

use std::sync::Arc;

use super::*;

const NOW: Time = Time::from_nanos(5_000);

fn parcel() -> Parcel {
    let label = Label {
        codec: 1,
        compressor: 4,
        cipher: 2,
        key_id: 0x0102_0304,
        schema: 0x1112_1314_1516_1718,
        stamps: Some(Arc::new(vec![7, u64::MAX])),
    };
    Parcel::new(label, *b"a value")
}

fn short_life() -> Life {
    let at = |nanos| Deadline::at(Time::from_nanos(nanos));
    Life::new(Time::from_nanos(4_000), at(6_000), at(8_000))
}

#[test]
fn a_parcel_comes_back_with_what_is_left_of_its_life() {
    let bytes = Envelope::write(&parcel(), short_life(), NOW);
    let later = Time::from_nanos(1_000_000);
    let (same, life) = Envelope::read(&bytes, later, Duration::from_nanos(400)).unwrap();
    assert_eq!(same, parcel());
    assert_eq!(life.stored(), Some(Time::from_nanos(1_000_000 - 1_400)));
    assert_eq!(life.fresh_until().time(), Some(Time::from_nanos(1_000_600)));
    assert_eq!(life.usable_until().time(), Some(Time::from_nanos(1_002_600)));
}

#[test]
fn never_stays_never_and_what_has_ended_has_ended() {
    let life = Life::new(NOW, Deadline::NEVER, Deadline::NEVER);
    let bytes = Envelope::write(&parcel(), life, NOW);
    let (_, life) = Envelope::read(&bytes, NOW, Duration::MAX).unwrap();
    assert_eq!((life.fresh_until(), life.usable_until()), (Deadline::NEVER, Deadline::NEVER));

    let bytes = Envelope::write(&parcel(), short_life(), NOW);
    let (_, life) = Envelope::read(&bytes, NOW, Duration::from_micros(3)).unwrap();
    assert!(!life.is_usable(NOW));
}

#[test]
fn every_flipped_byte_every_cut_and_every_addition_is_an_error() {
    let whole = Envelope::write(&parcel(), short_life(), NOW);
    let read = |bytes: &[u8]| Envelope::read(bytes, NOW, Duration::ZERO);
    assert!(read(&whole).is_ok());
    for at in 0..whole.len() {
        assert!(read(&whole[..at]).is_err(), "cut at {at}");
        for flip in 1..=u8::MAX {
            let mut damaged = whole.clone();
            damaged[at] ^= flip;
            assert!(read(&damaged).is_err(), "byte {at} xor {flip}");
        }
    }
    assert!(read(&[whole.as_slice(), &[0]].concat()).is_err());
}

/// What version 1 wrote once, it must read for ever. Never change these bytes: a new form is a new version.
#[test]
fn the_golden_bytes_of_version_1_are_read_and_written() {
    let golden = include_bytes!("golden_v1.bin");
    assert_eq!(Envelope::write(&parcel(), short_life(), NOW), golden);
    let (parcel, life) = Envelope::read(golden, NOW, Duration::ZERO).unwrap();
    assert_eq!((parcel, life), (self::parcel(), short_life()));
}

#[test]
fn a_count_of_stamps_beyond_the_bytes_is_an_error() {
    let mut bytes = Envelope::write(&Parcel::new(Label::default(), *b"xy"), short_life(), NOW);
    let count = COVERED + 24 + Label::FIXED - 2;
    bytes[count..count + 2].copy_from_slice(&u16::MAX.to_le_bytes());
    let sum = checksum(u64::from(VERSION), &bytes[COVERED..]);
    bytes[1..COVERED].copy_from_slice(&sum.to_le_bytes());
    assert!(Envelope::read(&bytes, NOW, Duration::ZERO).is_err());
}
