//! What is on disk for an entry: its value, and what a restart must know of it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use larder_core::{Envelope, Label, Life, Parcel, Time};

/// Where a value is: which write it was, and how long its row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) sequence: u64,
    pub(crate) len: u32,
}

/// The row of a value: the number of its write, and its envelope.
pub(crate) fn value_row(sequence: u64, parcel: &Parcel) -> Vec<u8> {
    let envelope = Envelope::write(parcel, Life::DEFAULT, Time::ZERO);
    [sequence.to_le_bytes().as_slice(), &envelope].concat()
}

/// The number of the write that a row is of.
pub(crate) fn sequence(row: &[u8]) -> Option<u64> {
    row.first_chunk().map(|sequence| u64::from_le_bytes(*sequence))
}

/// The value in a row; `None` if it is damaged.
pub(crate) fn parcel(row: &[u8]) -> Option<Parcel> {
    let (parcel, _) = Envelope::read(row.get(8..)?, Time::ZERO, Duration::ZERO).ok()?;
    Some(parcel)
}

/// What a restart needs: the place, when it was written, and what was left of its life then, in an envelope without
/// a value.
pub(crate) fn note_row(place: Place, life: Life, now: Time, wall: SystemTime) -> Vec<u8> {
    let empty = Envelope::write(&Parcel::new(Label::default(), []), life, now);
    let wall = millis(wall).to_le_bytes();
    [place.sequence.to_le_bytes().as_slice(), &place.len.to_le_bytes(), &wall, &empty].concat()
}

/// The place and the life in a note; `None` if it is damaged, or from the future.
pub(crate) fn note(row: &[u8], now: Time, wall: SystemTime) -> Option<(Place, Life)> {
    let (sequence, row) = row.split_first_chunk()?;
    let (len, row) = row.split_first_chunk()?;
    let (written, envelope) = row.split_first_chunk()?;
    let elapsed = millis(wall).checked_sub(u64::from_le_bytes(*written))?;
    let (_, life) = Envelope::read(envelope, now, Duration::from_millis(elapsed)).ok()?;
    let place = Place { sequence: u64::from_le_bytes(*sequence), len: u32::from_le_bytes(*len) };
    Some((place, life))
}

fn millis(wall: SystemTime) -> u64 {
    let since = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use larder_core::Deadline;

    const PLACE: Place = Place { sequence: 7, len: 9 };

    #[test]
    fn time_between_two_runs_counts() {
        let (now, wall) = (Time::from_nanos(5), UNIX_EPOCH + Duration::from_secs(100));
        let life = Life::new(now, Deadline::NEVER, Deadline::at(now.after(Duration::from_mins(1))));
        let row = note_row(PLACE, life, now, wall);
        let other_now = Time::from_nanos(1_000_000_000_000);
        let (place, life) = note(&row, other_now, wall + Duration::from_secs(20)).unwrap();
        assert_eq!(place, PLACE);
        assert_eq!(life.usable_until().time(), Some(other_now.after(Duration::from_secs(40))));
    }

    #[test]
    fn a_note_from_the_future_is_not_believed() {
        let wall = UNIX_EPOCH + Duration::from_secs(100);
        let row = note_row(PLACE, Life::DEFAULT, Time::ZERO, wall);
        assert!(note(&row, Time::ZERO, wall).is_some());
        assert!(note(&row, Time::ZERO, wall - Duration::from_secs(1)).is_none());
    }

    #[test]
    fn a_row_cut_anywhere_is_damaged() {
        let row = value_row(3, &Parcel::new(Label::default(), *b"value"));
        assert_eq!(parcel(&row).unwrap().payload(), b"value");
        assert_eq!(sequence(&row), Some(3));
        for len in 0..row.len() {
            assert!(parcel(&row[..len]).is_none());
        }
        let row = note_row(PLACE, Life::DEFAULT, Time::ZERO, UNIX_EPOCH);
        for len in 0..row.len() {
            assert!(note(&row[..len], Time::ZERO, UNIX_EPOCH).is_none());
        }
    }
}
