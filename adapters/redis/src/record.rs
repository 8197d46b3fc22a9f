//! What one Redis key holds: a head that the scripts read, and the envelope of a value.

use std::time::Duration;

use larder_core::Lease;

/// What names an epoch: the run of the server it belongs to, and the [`Mark`] of its records.
pub(crate) type Epoch = [u8; 16];

/// What all records of an epoch bear, and no others.
pub(crate) type Mark = [u8; 8];

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
    /// What `bytes` are, to who knows the epoch's mark and the server's time.
    pub(crate) fn read(bytes: &'a [u8], mark: Mark, now: ServerTime) -> Self {
        Self::record(bytes, mark, now).unwrap_or(Self::Strange)
    }

    /// `scripts/prelude.lua` says what is where.
    fn record(bytes: &'a [u8], mark: Mark, now: ServerTime) -> Option<Self> {
        let (form, rest) = bytes.split_first_chunk::<3>()?;
        let (&[kind], rest) = rest.split_first_chunk()?;
        let spare = match form {
            b"LR2" => 0,
            b"LR1" => 8,
            _ => return None,
        };
        let (own, rest) = rest.get(spare..)?.split_first_chunk::<8>()?;
        let (token, rest) = rest.split_first_chunk::<16>()?;
        let (written, rest) = rest.split_first_chunk::<8>()?;
        let envelope = rest.get(spare..)?;
        match kind {
            b'V' | b'S' if *own != mark => Some(Self::Nothing),
            b'V' => Some(Self::Value { envelope, elapsed: now.since(time(*written)) }),
            b'S' => lease(token).map(Self::Stub),
            _ => None,
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

fn time(bytes: [u8; 8]) -> ServerTime {
    let word = u64::from_be_bytes(bytes);
    ServerTime::new(word >> 32, word & u64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: Mark = [7; 8];

    /// The head of a record as each version writes it. Never change what is here: a new form is a new version.
    fn record(version: u8, kind: u8) -> Vec<u8> {
        let spare: &[u8] = if version == b'1' { &[3; 8] } else { &[] };
        let token = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2];
        let written = [0, 0, 0, 9, 0, 0, 0, 5];
        [&[b'L', b'R', version, kind], spare, &MARK, &token, &written, spare].concat()
    }

    #[test]
    fn a_record_of_either_version_is_read_as_what_it_says_it_is() {
        let now = ServerTime::new(10, 4);
        for version in [b'1', b'2'] {
            let stub = record(version, b'S');
            assert_eq!(Held::read(&stub, MARK, now), Held::Stub(Lease::new([1, 2])));
            let value = [record(version, b'V'), b"envelope".to_vec()].concat();
            let elapsed = Duration::from_secs(1);
            assert_eq!(Held::read(&value, MARK, now), Held::Value { envelope: b"envelope", elapsed });
            assert_eq!(Held::read(&value, [8; 8], now), Held::Nothing);
        }
    }

    #[test]
    fn what_is_cut_or_damaged_is_strange_or_of_another_epoch_and_never_a_panic() {
        let now = ServerTime::new(10, 4);
        for (version, mark) in [(b'1', 12..20), (b'2', 4..12)] {
            let whole = record(version, b'V');
            for at in 0..whole.len() {
                assert_eq!(Held::read(&whole[..at], MARK, now), Held::Strange);
                let mut damaged = whole.clone();
                damaged[at] ^= 0xff;
                let found = Held::read(&damaged, MARK, now);
                let expected = match at {
                    0..4 => found == Held::Strange,
                    _ if mark.contains(&at) => found == Held::Nothing,
                    _ => matches!(found, Held::Value { .. }),
                };
                assert!(expected, "version {version}, byte {at}: {found:?}");
            }
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
