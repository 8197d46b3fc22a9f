//! What an envelope gives back, and what it refuses.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::label::Label;
use super::*;
use crate::Deadline;

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

/// Reads bytes in both ways, which must agree.
fn read(bytes: &[u8], now: Time, elapsed: Duration) -> Result<(Parcel, Life)> {
    let found = Envelope::read(bytes, now, elapsed);
    for before in [&[][..], b"before"] {
        let owned = Envelope::read_owned([before, bytes].concat(), before.len(), now, elapsed);
        assert_eq!(owned.ok(), found.as_ref().ok().cloned());
    }
    assert!(Envelope::read_owned(bytes.to_vec(), bytes.len() + 1, now, elapsed).is_err());
    found
}

#[test]
fn a_parcel_comes_back_with_what_is_left_of_its_life() {
    let bytes = Envelope::write(&parcel(), short_life(), NOW);
    let later = Time::from_nanos(1_000_000);
    let (same, life) = read(&bytes, later, Duration::from_nanos(400)).unwrap();
    assert_eq!(same, parcel());
    assert_eq!(life.stored(), Some(Time::from_nanos(1_000_000 - 1_400)));
    assert_eq!(life.fresh_until().time(), Some(Time::from_nanos(1_000_600)));
    assert_eq!(life.usable_until().time(), Some(Time::from_nanos(1_002_600)));
}

#[test]
fn never_stays_never_and_what_has_ended_has_ended() {
    let life = Life::new(NOW, Deadline::NEVER, Deadline::NEVER);
    let bytes = Envelope::write(&parcel(), life, NOW);
    let (_, life) = read(&bytes, NOW, Duration::MAX).unwrap();
    assert_eq!((life.fresh_until(), life.usable_until()), (Deadline::NEVER, Deadline::NEVER));

    let bytes = Envelope::write(&parcel(), short_life(), NOW);
    let (_, life) = read(&bytes, NOW, Duration::from_micros(3)).unwrap();
    assert!(!life.is_usable(NOW));
}

type Written = fn() -> (Parcel, Life);

/// What each version wrote once. Never change these files: a new form is a new version, with files of its own.
const GOLDEN: &[(u8, &[u8], Written)] = &[
    (1, include_bytes!("golden_v1.bin"), || (parcel(), short_life())),
    (1, include_bytes!("golden_v1_plain.bin"), || (plain(), Life::DEFAULT)),
    (2, include_bytes!("golden_v2.bin"), || (parcel(), short_life())),
    (2, include_bytes!("golden_v2_plain.bin"), || (plain(), Life::DEFAULT)),
];

fn plain() -> Parcel {
    Parcel::new(Label::default(), *b"soup")
}

#[test]
fn the_golden_bytes_of_the_version_are_written() {
    let of_it: Vec<_> = GOLDEN.iter().filter(|(version, ..)| *version == VERSION).collect();
    assert!(!of_it.is_empty(), "a version has its golden bytes");
    for (_, golden, what) in of_it {
        let (parcel, life) = what();
        assert_eq!(Envelope::write(&parcel, life, NOW), *golden);
    }
}

/// A deploy reads what was there before it.
#[test]
fn the_golden_bytes_of_each_version_are_read_as_they_were_meant() {
    assert!((1..=VERSION).all(|version| GOLDEN.iter().any(|(of, ..)| *of == version)));
    for (_, golden, what) in GOLDEN {
        let (parcel, life) = what();
        let without_end = Life::new(NOW, Deadline::NEVER, Deadline::NEVER);
        let life = if life == Life::DEFAULT { without_end } else { life };
        assert_eq!(read(golden, NOW, Duration::ZERO).unwrap(), (parcel, life));
    }
}

#[test]
fn every_flipped_byte_every_cut_and_every_addition_is_an_error() {
    let read = |bytes: &[u8]| read(bytes, NOW, Duration::ZERO);
    for (version, whole, _) in GOLDEN {
        for at in 0..whole.len() {
            assert!(read(&whole[..at]).is_err(), "version {version} cut at {at}");
            for flip in 1..=u8::MAX {
                let mut damaged = whole.to_vec();
                damaged[at] ^= flip;
                assert!(read(&damaged).is_err(), "version {version}, byte {at} xor {flip}");
            }
        }
        assert!(read(&[whole, &[0][..]].concat()).is_err());
    }
}

#[test]
fn what_is_not_there_takes_no_room() {
    let length = |label, life| Envelope::write(&Parcel::new(label, []), life, NOW).len();
    assert_eq!(length(Label::default(), Life::DEFAULT), 11);
    let minute = Deadline::at(NOW.after(Duration::from_mins(1)));
    assert_eq!(length(Label::default(), Life::new(NOW, minute, minute)), 19);
    assert_eq!(length(Label { codec: 2, schema: 7, ..Label::default() }, Life::new(NOW, minute, minute)), 27);
}

/// Bytes as a version might write them: whole, and with their own sum.
fn summed(version: u8, covered: &[u8]) -> Vec<u8> {
    let sum = if version == v1::VERSION { serial } else { checksum };
    [&[version][..], &sum(u64::from(version), covered).to_le_bytes(), covered].concat()
}

#[test]
fn what_another_version_wrote_is_an_error_though_its_sum_is_right() {
    let covered = Envelope::write(&parcel(), short_life(), NOW).split_off(COVERED);
    assert!(read(&summed(VERSION, &covered), NOW, Duration::ZERO).is_ok());
    for version in (0..=u8::MAX).filter(|version| ![v1::VERSION, VERSION].contains(version)) {
        let error = read(&summed(version, &covered), NOW, Duration::ZERO).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Codec, "version {version}");
    }
}

#[test]
fn a_field_that_is_not_known_is_an_error() {
    let mut covered = Envelope::write(&parcel(), short_life(), NOW).split_off(COVERED);
    covered[1] |= 0x80;
    assert!(read(&summed(VERSION, &covered), NOW, Duration::ZERO).is_err());
}

prop_compose! {
    fn any_parcel()(
        (codec, compressor, cipher, key_id, schema) in any::<(u8, u8, u8, u32, u64)>(),
        stamps in prop::collection::vec(any::<u64>(), 0..9),
        payload in prop::collection::vec(any::<u8>(), 0..300),
    ) -> Parcel {
        let stamps = (!stamps.is_empty()).then(|| Arc::new(stamps));
        Parcel::new(Label { codec, compressor, cipher, key_id, schema, stamps }, payload)
    }
}

proptest! {
    /// Every parcel comes back, and what is left of its life is what there was, less the time the bytes have lain.
    #[test]
    fn every_parcel_comes_back_with_what_is_left_of_its_life(
        parcel in any_parcel(),
        (wrote, reads) in (0..1_u64 << 59, 0..1_u64 << 59),
        (age, fresh, usable) in (0..1_u64 << 59, prop::option::of(0..1_u64 << 59), prop::option::of(0..1_u64 << 59)),
        elapsed in 0..1_u64 << 59,
    ) {
        let end = |left: Option<u64>| left.map_or(Deadline::NEVER, |left| Deadline::at(Time::from_nanos(wrote + left)));
        let life = Life::new(Time::from_nanos(wrote.saturating_sub(age)), end(fresh), end(usable));
        let bytes = Envelope::write(&parcel, life, Time::from_nanos(wrote));
        let (same, kept) =
            read(&bytes, Time::from_nanos(reads), Duration::from_nanos(elapsed)).unwrap();
        prop_assert_eq!(same, parcel);
        let left = |left: Option<u64>| left.map(|left| Time::from_nanos(reads + left.saturating_sub(elapsed)));
        prop_assert_eq!(kept.fresh_until().time(), left(fresh));
        prop_assert_eq!(kept.usable_until().time(), left(usable));
        let stored = reads.saturating_sub(age.min(wrote) + elapsed);
        prop_assert_eq!(kept.stored(), Some(Time::from_nanos(stored)));
    }

    /// Whatever the clocks say: no time overflows, and an end stays what it was or becomes "never" past the end of all time.
    #[test]
    fn no_time_is_too_long(parcel in any_parcel(), times: [u64; 5], elapsed: u64) {
        let [wrote, reads, stored, fresh, usable] = times.map(Time::from_nanos);
        let life = Life::new(stored, Deadline::at(fresh), Deadline::at(usable));
        let bytes = Envelope::write(&parcel, life, wrote);
        let (read, kept) = read(&bytes, reads, Duration::from_nanos(elapsed)).unwrap();
        prop_assert_eq!(read, parcel);
        let left = usable.since(wrote).saturating_sub(Duration::from_nanos(elapsed));
        let end = if usable == Time::MAX { Deadline::NEVER } else { Deadline::at(reads.after(left)) };
        prop_assert_eq!(kept.usable_until(), end);
    }

    /// A forger can make sums, too. What he writes is an error, or is read as what is there: it is written again as it was,
    /// but for fields that say nothing.
    #[test]
    fn any_bytes_with_a_right_sum_are_an_error_or_are_read_as_they_are(
        version in 1..=VERSION,
        covered in prop::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..120),
        elapsed: u64,
    ) {
        let bytes = summed(version, &covered);
        match read(&bytes, NOW, Duration::from_nanos(elapsed)) {
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Codec),
            Ok((parcel, _)) => {
                prop_assert!(covered.ends_with(parcel.payload()));
                let (_, life) = read(&bytes, Time::ZERO, Duration::ZERO).unwrap();
                let again = Envelope::write(&parcel, life, Time::ZERO);
                prop_assert_eq!(read(&again, Time::ZERO, Duration::ZERO).unwrap(), (parcel, life));
            }
        }
    }
}

#[test]
fn a_count_of_stamps_beyond_the_bytes_is_an_error() {
    let counts = [(1, [[0; 39].as_slice(), &[0xff; 2], b"xy"].concat()), (2, b"\x00\x40\xff\xffxy".to_vec())];
    for (version, covered) in counts {
        assert!(read(&summed(version, &covered), NOW, Duration::ZERO).is_err());
        let payload = vec![7; 8 * 0xffff];
        let whole = summed(version, &[&covered[..covered.len() - 2], &payload].concat());
        let (parcel, _) = read(&whole, NOW, Duration::ZERO).unwrap();
        assert_eq!((parcel.label.stamps().len(), parcel.payload().len()), (0xffff, 0));
    }
}

#[test]
fn owned_bytes_are_read_as_borrowed_ones_are_wherever_the_envelope_begins() {
    let envelope = Envelope::write(&parcel(), short_life(), NOW);
    for before in [0, 1, 52] {
        let bytes = [vec![9; before], envelope.clone()].concat();
        let same = Envelope::read(&envelope, NOW, Duration::from_nanos(400)).unwrap();
        let owned = Envelope::read_owned(bytes.clone(), before, NOW, Duration::from_nanos(400)).unwrap();
        assert_eq!(owned, same);
        assert!(Envelope::read_owned(bytes.clone(), before + 1, NOW, Duration::ZERO).is_err());
        assert!(Envelope::read_owned(bytes, usize::MAX, NOW, Duration::ZERO).is_err());
    }
}
