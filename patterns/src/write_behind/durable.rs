//! What makes a queue durable: a journal, and the order in which what is written is settled in it.

use std::sync::Arc;

use larder_core::{Change, Codec, Context, Journal, Key, Life, Record, Recovered, Result, Value};
use parking_lot::Mutex;
use tokio::sync::Mutex as Turn;

/// The bytes of a change.
type ChangeCodec<K, V> = Arc<dyn Codec<Plain = Change<K, V>, Encoded = Vec<u8>>>;

pub(super) struct Durable<K, V> {
    journal: Arc<dyn Journal>,
    codec: ChangeCodec<K, V>,
    /// The sequences to settle, in the order that settling must keep: that of two operations on a key, the older goes
    /// first. Otherwise it could be the one that comes back.
    settled: Mutex<Vec<u64>>,
    turn: Turn<()>,
}

impl<K: Key, V: Value> Durable<K, V> {
    pub(super) fn new(
        journal: impl Journal,
        codec: impl Codec<Plain = Change<K, V>, Encoded = Vec<u8>>,
    ) -> Self {
        Self {
            journal: Arc::new(journal),
            codec: Arc::new(codec),
            settled: Mutex::default(),
            turn: Turn::new(()),
        }
    }

    /// The record of a change. A codec that seals binds it to its sequence.
    pub(super) fn encode(&self, sequence: u64, change: &Change<K, V>) -> Result<Record> {
        let bytes = self.codec.encode(change, &context(&sequence.to_be_bytes()))?;
        Ok(Record { sequence, bytes })
    }

    pub(super) fn decode(&self, record: &Record) -> Result<Change<K, V>> {
        self.codec.decode(&record.bytes, &context(&record.sequence.to_be_bytes()))
    }

    pub(super) async fn recover(&self) -> Result<Recovered> {
        self.journal.recover().await
    }

    /// Appends all or fails. What may have been appended of a failed or dropped call is settled later.
    pub(super) async fn append(&self, records: Vec<Record>) -> Result<()> {
        let sequences = records.iter().map(|record| record.sequence).collect();
        let unsure = Unsure { settled: &self.settled, sequences };
        self.journal.append(records).await?;
        unsure.sure();
        Ok(())
    }

    /// Remembers that the origin has this operation or a newer one, or will never have it.
    pub(super) fn settled(&self, sequence: u64) {
        self.settled.lock().push(sequence);
    }

    /// Tells the journal. What it does not take is told again next time, before anything newer.
    pub(super) async fn settle(&self) -> Result<()> {
        let _turn = self.turn.lock().await;
        let sequences = std::mem::take(&mut *self.settled.lock());
        if sequences.is_empty() {
            return Ok(());
        }
        let unsure = Unsure { settled: &self.settled, sequences };
        self.journal.settle(unsure.sequences.clone()).await?;
        unsure.sure();
        Ok(())
    }

    pub(super) async fn close(&self) -> Result<()> {
        self.settle().await?;
        self.journal.close().await
    }
}

const fn context(key: &[u8]) -> Context<'_> {
    Context { key, life: Life::DEFAULT }
}

/// Sequences to be settled first of all, unless the call about them ends well.
struct Unsure<'a> {
    settled: &'a Mutex<Vec<u64>>,
    sequences: Vec<u64>,
}

impl Unsure<'_> {
    fn sure(mut self) {
        self.sequences.clear();
    }
}

impl Drop for Unsure<'_> {
    fn drop(&mut self) {
        let sequences = std::mem::take(&mut self.sequences);
        if !sequences.is_empty() {
            self.settled.lock().splice(0..0, sequences);
        }
    }
}
