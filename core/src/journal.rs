//! Records that outlive the process until they are settled: `Journal`.

use std::fmt;
use std::sync::Arc;

use crate::{BoxFuture, Result};

/// One record of a [`Journal`]: bytes, and the number by which it is settled.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// The number of the record. The owner of the journal uses none a second time before it is settled.
    pub sequence: u64,
    /// What is to be kept. The journal doesn't look into it.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Record {
    /// Shows the number and the length only: keys and values don't belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("sequence", &self.sequence).field("len", &self.bytes.len()).finish()
    }
}

/// What a [`Journal`] still had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The whole records that were not settled, by rising sequence.
    pub records: Vec<Record>,
    /// How many records are there, but not whole: torn, or with a wrong checksum. Where that can't be told one by one,
    /// each damaged stretch counts as one.
    pub damaged: u64,
}

/// Keeps records across the end of the process, however it ends, until they are settled. What a durable write-behind
/// queue writes to before it acknowledges.
///
/// # The rules
///
/// 1. **Acknowledged is kept.** Once [`append`](Self::append) is done, its records come back from
///    [`recover`](Self::recover) until they are settled, as durably as the journal's settings say.
/// 2. **One order.** Calls take effect in the order in which their futures are first polled. What a crash loses it loses
///    from the end: if the effect of a call is kept, so are the effects of all calls before it. The records of one `append` and
///    the sequences of one `settle` take effect in their order, or all at once.
/// 3. **A failed or dropped call is an unknown outcome.** Any part of it may take effect, in its place in the order or never.
///    It can be settled all the same: a record that is settled never comes back, even if its append failed.
/// 4. **Settling may be lazy.** A settlement that a crash loses gives its record back; who recovers must stand it.
/// 5. **Damage is counted, never guessed at.** What comes back is exactly what was appended. A damaged record is not
///    returned, and hides no whole one.
///
/// A sequence may be used again once it is settled: who recovers goes on above the highest that came back. One
/// journal has one owner at a time; opening it a second time is refused where it is opened.
///
/// Behind an [`Arc`] it is a journal too, a `dyn Journal` included.
pub trait Journal: Send + Sync + 'static {
    /// Takes in `records`. Completes once they are as durable as the settings say; several calls under way may become
    /// durable together. Of calls under way at once, the later one may well have the lower sequences.
    fn append(&self, records: Vec<Record>) -> BoxFuture<'_, Result<()>>;

    /// Lets go of these records. Those it doesn't have are none of its business.
    fn settle(&self, sequences: Vec<u64>) -> BoxFuture<'_, Result<()>>;

    /// All that was appended and not settled. Changes nothing; asked once, before anything is appended.
    fn recover(&self) -> BoxFuture<'_, Result<Recovered>>;

    /// Makes durable what is not yet, and lets go of resources. Every later call but this one is
    /// [`Closed`](crate::ErrorKind::Closed).
    fn close(&self) -> BoxFuture<'_, Result<()>>;
}

impl<J: Journal + ?Sized> Journal for Arc<J> {
    fn append(&self, records: Vec<Record>) -> BoxFuture<'_, Result<()>> {
        (**self).append(records)
    }
    fn settle(&self, sequences: Vec<u64>) -> BoxFuture<'_, Result<()>> {
        (**self).settle(sequences)
    }
    fn recover(&self) -> BoxFuture<'_, Result<Recovered>> {
        (**self).recover()
    }
    fn close(&self) -> BoxFuture<'_, Result<()>> {
        (**self).close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_shows_its_length_and_not_its_bytes() {
        let record = Record { sequence: 7, bytes: b"secret".to_vec() };
        assert_eq!(format!("{record:?}"), "Record { sequence: 7, len: 6 }");
    }
}
