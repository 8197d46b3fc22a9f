//! What one Redis key holds: a head that the scripts read, and the envelope of a value.

use std::time::Duration;

use larder_core::Lease;

/// The length of a head. `scripts/prelude.lua` says what is in it.
pub(crate) const HEAD: usize = 52;

/// What every record begins with.
const MAGIC: &[u8; 3] = b"LR1";

/// What names an epoch: the run of the server it belongs to, and what no other epoch has.
pub(crate) type Epoch = [u8; 16];

/// A moment by the server's clock: microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerTime(u64);

impl ServerTime {
    pub(crate) const fn new(seconds: u64, micros: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000).saturating_add(micros))
    }

    /// The moment `duration` later, rounded up.
    pub(crate) fn after(self, duration: Duration) -> Self {
        let micros = u64::try_from(duration.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// How long it is from `earlier` to this moment, rounded up: an entry ends too soon rather than too late. Zero if the
    /// server's clock went back.
    fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0).saturating_add(1))
    }
}

/// What a key was found to hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Held<'a> {
    /// Nothing, or what a clear has left behind.
    Nothing,
    /// Something that is no record.
    Strange,
    /// No value, but a lease.
    Stub(Lease),
    /// A value's envelope, and how long it has lain.
    Value { envelope: &'a [u8], elapsed: Duration },
}

impl<'a> Held<'a> {
    /// What `bytes` are, to who knows the epoch and the server's time.
    pub(crate) fn read(bytes: &'a [u8], epoch: &[u8], now: ServerTime) -> Self {
        let Some((head, envelope)) = bytes.split_first_chunk::<HEAD>() else {
            return Self::Strange;
        };
        if head[..3] != *MAGIC {
            return Self::Strange;
        }
        if head[4..20] != *epoch {
            return Self::Nothing;
        }
        match head[3] {
            b'S' => lease(&head[20..36]).map_or(Self::Strange, Self::Stub),
            b'V' => Self::Value { envelope, elapsed: now.since(time(&head[36..44])) },
            _ => Self::Strange,
        }
    }
}

/// A token as the words of a lease, if it is one.
pub(crate) fn lease(token: &[u8]) -> Option<Lease> {
    let (words, []) = token.as_chunks::<8>() else { return None };
    let &[first, second] = words else { return None };
    Some(Lease::new([u64::from_be_bytes(first), u64::from_be_bytes(second)]))
}

/// The words of a lease as a token.
pub(crate) fn token(stamp: [u64; 2]) -> [u8; 16] {
    (u128::from(stamp[0]) << 64 | u128::from(stamp[1])).to_be_bytes()
}

fn time(bytes: &[u8]) -> ServerTime {
    let word = |at: usize| bytes[at..].first_chunk().map_or(0, |word| u64::from(u32::from_be_bytes(*word)));
    ServerTime::new(word(0), word(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Epoch = [7; 16];

    fn record(kind: u8) -> Vec<u8> {
        let mut bytes = b"LR1".to_vec();
        bytes.push(kind);
        bytes.extend(EPOCH);
        bytes.extend(token([1, 2]));
        bytes.extend([0, 0, 0, 9, 0, 0, 0, 5]);
        bytes.extend([0; 8]);
        bytes
    }

    #[test]
    fn a_record_is_read_as_what_it_says_it_is() {
        let now = ServerTime::new(10, 4);
        assert_eq!(Held::read(&record(b'S'), &EPOCH, now), Held::Stub(Lease::new([1, 2])));
        let value = [record(b'V'), b"envelope".to_vec()].concat();
        let elapsed = Duration::from_secs(1);
        assert_eq!(Held::read(&value, &EPOCH, now), Held::Value { envelope: b"envelope", elapsed });
        assert_eq!(Held::read(&value, &[8; 16], now), Held::Nothing);
    }

    #[test]
    fn what_is_cut_or_damaged_is_strange_or_of_another_epoch_and_never_a_panic() {
        let now = ServerTime::new(10, 4);
        let whole = record(b'V');
        for at in 0..whole.len() {
            assert_eq!(Held::read(&whole[..at], &EPOCH, now), Held::Strange);
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            let found = Held::read(&damaged, &EPOCH, now);
            let expected = match at {
                0..4 => found == Held::Strange,
                4..20 => found == Held::Nothing,
                _ => matches!(found, Held::Value { .. }),
            };
            assert!(expected, "byte {at}: {found:?}");
        }
    }

    #[test]
    fn a_clock_that_went_back_makes_no_entry_older() {
        let early = ServerTime::new(1, 0);
        assert_eq!(early.since(ServerTime::new(2, 0)), Duration::from_micros(1));
    }

    #[test]
    fn a_token_and_the_words_of_its_lease_are_one() {
        let stamp = [0x0102_0304_0506_0708, u64::MAX - 1];
        assert_eq!(lease(&token(stamp)).map(|lease| lease.stamp()), Some(stamp));
        assert_eq!(lease(&[0; 15]), None);
        assert_eq!(lease(&[0; 17]), None);
    }
}
