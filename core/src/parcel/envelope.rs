//! The form in which a parcel leaves the process: version 2. Version 1 is read, too.

use std::time::Duration;

use super::checksum::{checksum, serial};
use super::contents::Parcel;
use crate::{Error, ErrorKind, Life, Result, Time};

mod head;
mod parts;
mod times;
mod v1;

use parts::Parts;
use times::Times;

/// Turns a parcel and its life into bytes, and back.
///
/// ```text
/// 0       the version, 2
/// 1       a checksum of all that follows
/// 9       the codec
/// 10      which of these follow, each by a bit, the lowest first:
///         - its age in nanoseconds (8), else 0
///         - how many it stays usable (8), else for ever
///         - how many it stays fresh (8), else as long as it is usable; 2⁶⁴-1 is for ever
///         - the compressor (1), else 0
///         - cipher and key id (1, 4), else 0
///         - the schema (8), else 0
///         - how many stamps there are (2) and the stamps (8 each), else none
/// …       the payload, to the end
/// ```
///
/// Numbers are little-endian. Times are *remaining* times, because two processes have no clock in common: a store that
/// knows how long the bytes have lain says so when it reads them. The version before is read; what another one wrote is
/// not, so that a deploy and its undoing see the value or a miss.
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

/// The version that is written.
const VERSION: u8 = 2;

/// Where what the checksum covers begins.
const COVERED: usize = 9;

impl Envelope {
    /// The parcel with what is left of its life at `now`. One allocation; a copy of the payload. Beside the payload it has
    /// 11 bytes, and those of what there is to say.
    ///
    /// A deadline that no store has resolved is written as never: whoever keeps the bytes resolves it first.
    pub fn write(parcel: &Parcel, life: Life, now: Time) -> Vec<u8> {
        let head = head::write(Times::left(life, now), &parcel.label);
        let stamps = parcel.label.written_stamps();
        let mut bytes = Vec::with_capacity(COVERED + head.len() + 8 * stamps.len() + parcel.payload().len());
        bytes.extend_from_slice(&[VERSION, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend_from_slice(&head);
        stamps.iter().for_each(|stamp| bytes.extend_from_slice(&stamp.to_le_bytes()));
        bytes.extend_from_slice(parcel.payload());
        let sum = checksum(VERSION.into(), &bytes[COVERED..]);
        bytes[1..COVERED].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// The parcel and its life in `bytes` that have lain for `elapsed`, as a clock tells it that now says `now`.
    ///
    /// Bytes that are damaged, cut, or of another version are an error of the kind [`Codec`](ErrorKind::Codec), to be
    /// read as a miss. Allocates no more than `bytes` is long.
    pub fn read(bytes: &[u8], now: Time, elapsed: Duration) -> Result<(Parcel, Life)> {
        let Parts { times, label, payload } = parts(bytes)?;
        Ok((Parcel::new(label, payload), times.life(now, elapsed)))
    }

    /// The same of bytes that nobody else needs, the first `before` of which are not the envelope's. The payload stays
    /// where it is.
    #[inline]
    pub fn read_owned(bytes: Vec<u8>, before: usize, now: Time, elapsed: Duration) -> Result<(Parcel, Life)> {
        let Parts { times, label, payload } = parts(bytes.get(before..).unwrap_or_default())?;
        let start = bytes.len() - payload.len();
        Ok((Parcel::within(label, bytes, start), times.life(now, elapsed)))
    }
}

/// What is in an envelope, if nothing is damaged.
#[inline]
fn parts(bytes: &[u8]) -> Result<Parts<'_>> {
    let failed = |why: &'static str| Error::new(ErrorKind::Codec, "opening an envelope").because(why);
    let Some((&version, rest)) = bytes.split_first() else { return Err(failed("it is empty")) };
    let Some((sum, covered)) = rest.split_first_chunk() else { return Err(failed("it is cut short")) };
    let sum = u64::from_le_bytes(*sum);
    let parts = match version {
        VERSION if checksum(version.into(), covered) == sum => head::read(covered),
        v1::VERSION if serial(version.into(), covered) == sum => v1::read(covered),
        VERSION | v1::VERSION => return Err(failed("it is damaged")),
        _ => return Err(failed("it is of another version")),
    };
    parts.ok_or_else(|| failed("it is cut short"))
}

#[cfg(test)]
mod tests;
