//! What a namespace asks of its server, in chunks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder_core::{Clock, Envelope, Lease, Life, Parcel, Random, Result};

use crate::batch::{Answers, Batch, Item};
use crate::link::Link;
use crate::names::{Name, Names};
use crate::record::{Held, Kept, is_usable, written};
use crate::reply::{Code, Reply};

const READING: &str = "reading from memcached";
const WRITING: &str = "writing to memcached";
const FILLING: &str = "filling memcached";
const REMOVING: &str = "removing from memcached";

/// One namespace on its server.
pub(crate) struct Server {
    pub(crate) link: Link,
    pub(crate) names: Names,
    pub(crate) clock: Clock,
    /// For how many seconds a lease is good.
    lease: u32,
    /// The epoch as it was seen last; 0 for none.
    seen: AtomicU64,
}

/// A value on its way.
pub(crate) struct Write {
    pub(crate) name: Name,
    /// How long it is usable; `None`: for ever.
    pub(crate) ttl: Option<Duration>,
    pub(crate) envelope: Vec<u8>,
}

impl Write {
    /// Whether it is over before it begins.
    fn is_over(&self) -> bool {
        self.ttl.is_some_and(|ttl| ttl.is_zero())
    }

    fn set(&self, batch: &mut Batch, cas: u64, epoch: u64) {
        let kept = Kept::of(self.ttl);
        let value = written(epoch, kept, &self.envelope);
        batch.set(&self.name, &Item { value: &value, seconds: kept.seconds, flags: kept.flags(epoch) }, cas);
    }
}

/// What was found for a key.
pub(crate) enum Found {
    Value(Parcel, Life, Lease),
    /// No value, but a lease: that of a stub, or of what is to be replaced.
    Lease(Lease),
    /// Something that can't be read, and a lease to replace it.
    Unreadable(Lease),
    Nothing,
}

impl Server {
    pub(crate) fn new(link: Link, names: Names, clock: Clock, lease: u32) -> Self {
        Self { link, names, clock, lease, seen: AtomicU64::new(0) }
    }

    /// What there is for each name. One round trip.
    pub(crate) async fn read(&self, names: &[Name]) -> Result<Vec<Found>> {
        let mut batch = Batch::default();
        batch.get(&self.names.epoch());
        names.iter().for_each(|name| batch.get(name));
        let now = self.clock.now();
        let answers = self.link.ask(READING, batch).await?;
        let Some((epoch, answers)) = answers.split_first() else { return Ok(Vec::new()) };
        let Some(epoch) = self.epoch_in(epoch.as_ref()) else {
            return Ok(names.iter().map(|_| Found::Nothing).collect());
        };
        let found = answers.iter().map(|answer| {
            let Some(reply) = answer else { return Found::Nothing };
            let lease = Lease::new([reply.cas, epoch]);
            match Held::read(reply, epoch) {
                Held::Nothing => Found::Lease(lease),
                Held::Strange => Found::Unreadable(lease),
                Held::Value { envelope, elapsed } => match Envelope::read(envelope, now, elapsed) {
                    Ok((parcel, life)) => Found::Value(parcel, life, lease),
                    Err(_) => Found::Unreadable(lease),
                },
            }
        });
        Ok(found.collect())
    }

    /// A lease on each name: the number of what is there, or of a stub.
    pub(crate) async fn lease(&self, names: &[Name]) -> Result<Vec<Lease>> {
        let (epoch, numbers) = self.numbers(READING, names.iter()).await?;
        Ok(numbers.into_iter().map(|cas| Lease::new([cas, epoch])).collect())
    }

    /// Writes all, no name twice: each over what is there, and again if that has changed meanwhile.
    pub(crate) async fn insert(&self, writes: &[Write]) -> Result<()> {
        let (over, mut left): (Vec<_>, Vec<_>) = writes.iter().partition(|write| write.is_over());
        self.forget(WRITING, &over).await?;
        while !left.is_empty() {
            let (epoch, numbers) = self.numbers(WRITING, left.iter().map(|write| &write.name)).await?;
            let mut batch = Batch::default();
            left.iter().zip(&numbers).for_each(|(write, cas)| write.set(&mut batch, *cas, epoch));
            batch.get(&self.names.epoch());
            let mut answers = match self.link.exchange(WRITING, batch).await {
                Ok(answers) => answers,
                Err(error) => {
                    // What was to be replaced must not stay.
                    self.forget(WRITING, &left).await?;
                    return Err(error);
                }
            };
            if self.epoch_in(answers.pop().flatten().as_ref()) == Some(epoch) {
                let mut answers = answers.into_iter();
                left.retain(|_| answers.next().flatten().is_some());
            }
        }
        Ok(())
    }

    /// Writes each whose lease is good. Whether it was.
    pub(crate) async fn fill(&self, writes: &[Write], stamps: &[[u64; 2]]) -> Result<Vec<bool>> {
        let epoch = self.epoch_of(stamps).await?;
        // A number of 0 would mean "whatever is there". A lease of an epoch that has ended must not use up its number,
        // which a lease of the present one may have, too.
        let is_good = |stamp: &[u64; 2]| stamp[0] != 0 && Some(stamp[1]) == epoch;
        let mut batch = Batch::default();
        for (write, stamp) in writes.iter().zip(stamps).filter(|(_, stamp)| is_good(stamp)) {
            let [cas, epoch] = *stamp;
            if write.is_over() {
                batch.remove_if(&write.name, cas);
            } else {
                write.set(&mut batch, cas, epoch);
            }
        }
        if batch.len() == 0 {
            return Ok(vec![false; writes.len()]);
        }
        batch.get(&self.names.epoch());
        let mut answers = self.link.exchange(FILLING, batch).await?;
        let is_same = self.epoch_in(answers.pop().flatten().as_ref()) == epoch;
        let mut answers = answers.into_iter();
        let filled = writes.iter().zip(stamps).map(|(write, stamp)| {
            let done = is_good(stamp) && {
                let code = answers.next().flatten().map(|reply| reply.code);
                code == write.is_over().then_some(Code::Done)
            };
            done && is_same
        });
        Ok(filled.collect())
    }

    /// The epoch that all `stamps` are of, if it was seen last; else the present one.
    async fn epoch_of(&self, stamps: &[[u64; 2]]) -> Result<Option<u64>> {
        let seen = self.seen.load(Ordering::Relaxed);
        if stamps.iter().all(|[_, epoch]| *epoch == seen) {
            return Ok(Some(seen));
        }
        let mut batch = Batch::default();
        batch.get(&self.names.epoch());
        let answers = self.link.ask(FILLING, batch).await?;
        Ok(self.epoch_in(answers.first().and_then(Option::as_ref)))
    }

    /// Removes each name. Whether there was a usable value.
    pub(crate) async fn remove(&self, names: &[Name]) -> Result<Vec<bool>> {
        let mut batch = Batch::default();
        batch.get(&self.names.epoch());
        for name in names {
            batch.look(name);
            batch.remove(name);
        }
        let answers = self.link.exchange(REMOVING, batch).await?;
        let Some((epoch, answers)) = answers.split_first() else { return Ok(Vec::new()) };
        let epoch = self.epoch_in(epoch.as_ref());
        let removed = answers.as_chunks::<2>().0.iter().map(|[seen, gone]| {
            let usable = seen.as_ref().zip(epoch).is_some_and(|(seen, epoch)| is_usable(seen, epoch));
            usable && gone.as_ref().is_some_and(|gone| gone.code == Code::Done)
        });
        Ok(removed.collect())
    }

    /// Ends the epoch: nothing that was written in it is seen again.
    pub(crate) async fn clear(&self) -> Result<()> {
        let mut batch = Batch::default();
        batch.remove(&self.names.epoch());
        self.seen.store(0, Ordering::Relaxed);
        self.link.exchange("clearing a namespace of memcached", batch).await.map(drop)
    }

    /// The epoch, and the number of what is there for each name; where there was nothing, of a stub.
    async fn numbers<'a>(
        &self,
        doing: &'static str,
        names: impl Iterator<Item = &'a Name>,
    ) -> Result<(u64, Vec<u64>)> {
        let mut batch = Batch::default();
        batch.get(&self.names.epoch());
        names.for_each(|name| batch.lease(name, self.lease));
        let mut answers = self.link.ask(doing, batch).await?.into_iter();
        let epoch = match self.epoch_in(answers.next().flatten().as_ref()) {
            Some(epoch) => epoch,
            None => self.new_epoch(doing).await?,
        };
        Ok((epoch, answers.map(|answer| answer.map_or(0, |reply| reply.cas)).collect()))
    }

    /// A new epoch, or the one that another client has just begun.
    async fn new_epoch(&self, doing: &'static str) -> Result<u64> {
        let name = self.names.epoch();
        let drawn = Random::from_entropy().next();
        let mut batch = Batch::default();
        batch.add(&name, &drawn.to_be_bytes());
        batch.get(&name);
        let answers: Answers = self.link.exchange(doing, batch).await?;
        if let Some(epoch) = self.epoch_in(answers.get(1).and_then(Option::as_ref)) {
            return Ok(epoch);
        }
        // Something else is there, or nothing stays: the next call begins another one.
        let mut batch = Batch::default();
        batch.remove(&name);
        self.link.exchange(doing, batch).await?;
        Ok(drawn)
    }

    async fn forget(&self, doing: &'static str, writes: &[&Write]) -> Result<()> {
        if writes.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::default();
        writes.iter().for_each(|write| batch.remove(&write.name));
        self.link.exchange(doing, batch).await.map(drop)
    }

    /// The epoch that an answer tells, if there is one; remembered.
    fn epoch_in(&self, answer: Option<&Reply>) -> Option<u64> {
        let bytes = answer.filter(|reply| !reply.stale).map_or(&[][..], |reply| &reply.value);
        let epoch = bytes.try_into().ok().map(u64::from_be_bytes);
        self.seen.store(epoch.unwrap_or_default(), Ordering::Relaxed);
        epoch
    }
}
