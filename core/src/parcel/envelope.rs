//! The form in which a parcel leaves the process: version 1.

use super::checksum::checksum;
use super::contents::Parcel;
use super::label::Label;
use crate::{Deadline, Error, ErrorKind, Life, Result, Time};

use std::time::Duration;

/// Turns a parcel and its life into bytes, and back.
///
/// ```text
/// 0       the version, 1
/// 1       a checksum of all that follows
/// 9       age, time it stays fresh, time it stays usable: nanoseconds, 2⁶⁴-1 for "never" and "not known"
/// 33      codec, compressor, cipher: a byte each
/// 36      key id (4), schema (8)
/// 48      how many stamps follow (2), the stamps (8 each)
/// …       the payload, to the end
/// ```
///
/// Numbers are little-endian. Times are *remaining* times, because two processes have no clock in common: a store that
/// knows how long the bytes have lain says so when it reads them. What an unknown version wrote is not read, so that a
/// deploy and its undoing both see a miss.
///
/// ```
/// use larder_core::{Deadline, Envelope, Label, Life, Parcel, Time};
/// use std::time::Duration;
///
/// let noon = Time::from_nanos(12);
/// let minute = Duration::from_secs(60);
/// let life = Life::new(noon, Deadline::NEVER, Deadline::at(noon.after(minute)));
/// let bytes = Envelope::write(&Parcel::new(Label::default(), *b"soup"), life, noon);
///
/// // Another process, ten seconds later.
/// let its_now = Time::from_nanos(70_000_000_000);
/// let (parcel, life) = Envelope::read(&bytes, its_now, Duration::from_secs(10))?;
/// assert_eq!(parcel.payload(), b"soup");
/// assert_eq!(life.usable_until().time(), Some(its_now.after(Duration::from_secs(50))));
/// # Ok::<(), larder_core::Error>(())
/// ```
#[derive(Debug)]
pub enum Envelope {}

/// The version that is written, and the only one that is read.
const VERSION: u8 = 1;

/// Where what the checksum covers begins.
const COVERED: usize = 9;

/// "Never", or "not known".
const NONE: u64 = u64::MAX;

impl Envelope {
    /// The parcel with what is left of its life at `now`. One allocation; a copy of the payload.
    ///
    /// A deadline that no store has resolved is written as never: whoever keeps the bytes resolves it first.
    pub fn write(parcel: &Parcel, life: Life, now: Time) -> Vec<u8> {
        let stamps = parcel.label.stamps().len();
        let room = COVERED + 24 + Label::FIXED + 8 * stamps + parcel.payload().len();
        let mut bytes = Vec::with_capacity(room);
        bytes.extend_from_slice(&[VERSION, 0, 0, 0, 0, 0, 0, 0, 0]);
        let age = life.stored().map_or(NONE, |stored| nanos(now.since(stored)));
        let remaining = |deadline: Deadline| deadline.time().map_or(NONE, |end| nanos(end.since(now)));
        for time in [age, remaining(life.fresh_until()), remaining(life.usable_until())] {
            bytes.extend_from_slice(&time.to_le_bytes());
        }
        parcel.label.write(&mut bytes);
        bytes.extend_from_slice(parcel.payload());
        let sum = checksum(u64::from(VERSION), &bytes[COVERED..]);
        bytes[1..COVERED].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// The parcel and its life in `bytes` that have lain for `elapsed`, as a clock tells it that now says `now`.
    ///
    /// Bytes that are damaged, cut, or of another version are an error of the kind [`Codec`](ErrorKind::Codec), to be
    /// read as a miss. Allocates no more than `bytes` is long.
    pub fn read(bytes: &[u8], now: Time, elapsed: Duration) -> Result<(Parcel, Life)> {
        let (times, label, payload) = parts(bytes)?;
        Ok((Parcel::new(label, payload), life(times, now, elapsed)))
    }

    /// The same of bytes that nobody else needs, the first `before` of which are not the envelope's. The payload stays in their
    /// allocation, and is moved to its beginning.
    pub fn read_owned(
        mut bytes: Vec<u8>,
        before: usize,
        now: Time,
        elapsed: Duration,
    ) -> Result<(Parcel, Life)> {
        let (times, label, payload) = parts(bytes.get(before..).unwrap_or_default())?;
        let (life, length) = (life(times, now, elapsed), payload.len());
        bytes.drain(..bytes.len() - length);
        Ok((Parcel::new(label, bytes), life))
    }
}

/// The times, the label and the payload, if nothing is damaged.
fn parts(bytes: &[u8]) -> Result<(&[u8; 24], Label, &[u8])> {
    let failed = |why: &'static str| Error::new(ErrorKind::Codec, "opening an envelope").because(why);
    let Some((&VERSION, rest)) = bytes.split_first() else {
        return Err(failed("it is empty or of another version"));
    };
    let Some((sum, covered)) = rest.split_first_chunk() else { return Err(failed("it is cut short")) };
    if checksum(u64::from(VERSION), covered) != u64::from_le_bytes(*sum) {
        return Err(failed("it is damaged"));
    }
    let parts = covered.split_first_chunk::<24>().and_then(|(times, rest)| {
        let (label, payload) = Label::read(rest)?;
        Some((times, label, payload))
    });
    parts.ok_or_else(|| failed("it is cut short"))
}

fn life(times: &[u8; 24], now: Time, elapsed: Duration) -> Life {
    let time = |at: usize| {
        let word = times[8 * at..].first_chunk().map_or(NONE, |word| u64::from_le_bytes(*word));
        (word != NONE).then(|| Duration::from_nanos(word))
    };
    let end = |left: Option<Duration>| {
        left.map_or(Deadline::NEVER, |left| Deadline::at(now.after(left.saturating_sub(elapsed))))
    };
    let age = time(0).unwrap_or_default().saturating_add(elapsed);
    let stored = Time::from_nanos(now.as_nanos().saturating_sub(nanos(age)));
    Life::new(stored, end(time(1)), end(time(2)))
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(NONE - 1).min(NONE - 1)
}

#[cfg(test)]
mod tests;
