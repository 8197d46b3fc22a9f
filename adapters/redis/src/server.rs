//! What a namespace asks of its server, in chunks of one lane.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder_core::{Clock, Envelope, Lease, Life, Parcel, Random, Result};
use redis::{Cmd, Pipeline, Value};

use crate::failure::garbled;
use crate::link::{Asked, Link, Lost};
use crate::names::Names;
use crate::record::{Epoch, Held, ServerTime, lease, token};
use crate::script::Scripts;

const READING: &str = "reading from Redis";
const WRITING: &str = "writing to Redis";
const FILLING: &str = "filling Redis";
const REMOVING: &str = "removing from Redis";
const CLEARING: &str = "clearing a namespace of Redis";

/// One namespace on its server.
pub(crate) struct Server {
    pub(crate) link: Link,
    pub(crate) names: Names,
    pub(crate) clock: Clock,
    scripts: Scripts,
    marks: Marks,
    terms: Terms,
}

/// For how long the server keeps what, and whether a restart of it counts as a clear.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// How long a lease is good.
    pub(crate) lease: Duration,
    /// How long what never ends is kept.
    pub(crate) keep: Duration,
    /// Whether what the server has kept over a restart may be used.
    pub(crate) warm_restarts: bool,
}

/// A value on its way.
pub(crate) struct Write {
    pub(crate) key: Vec<u8>,
    /// How long it is usable; `None`: for ever.
    pub(crate) ttl: Option<Duration>,
    pub(crate) envelope: Vec<u8>,
}

impl Write {
    /// The key, and how many bytes there are besides it.
    pub(crate) fn sized(&self) -> (&[u8], usize) {
        (&self.key, self.envelope.len())
    }
}

/// What was found for a key.
pub(crate) enum Found {
    Value(Parcel, Life),
    /// No value, but a lease that others hold, too.
    Lease(Lease),
    Nothing,
    /// A value whose envelope can't be read.
    Unreadable,
}

impl Server {
    pub(crate) fn new(link: Link, names: Names, clock: Clock, terms: Terms) -> Self {
        Self { link, names, clock, scripts: Scripts::new(), marks: Marks::new(), terms }
    }

    /// What there is for each of `keys`, all of `lane`. One command, and the time.
    pub(crate) async fn read(&self, lane: usize, keys: &[Vec<u8>]) -> Result<Vec<Found>> {
        let (epoch, names) = self.named(lane, keys);
        let now = self.clock.now();
        let ask = |_: &Asked| {
            let mut commands = redis::pipe();
            commands.cmd("MGET").arg(&epoch).arg(&names).cmd("TIME");
            commands
        };
        let (answers, run) = self.link.exchange(READING, self.names.slot(lane), Lost::Again, ask).await?;
        let [Value::Array(held), time] = answers.as_slice() else { return Err(garbled(READING)) };
        let Some(((epoch, held), time)) = held.split_first().zip(server_time(time)) else {
            return Err(garbled(READING));
        };
        if held.len() != keys.len() {
            return Err(garbled(READING));
        }
        let epoch = self.epoch(epoch, run);
        let found = held.iter().map(|held| match (epoch, held) {
            (Some(epoch), Value::BulkString(bytes)) => match Held::read(bytes, epoch, time) {
                Held::Nothing | Held::Strange => Found::Nothing,
                Held::Stub(lease) => Found::Lease(lease),
                Held::Value { envelope, elapsed } => Envelope::read(envelope, now, elapsed)
                    .map_or(Found::Unreadable, |(parcel, life)| Found::Value(parcel, life)),
            },
            _ => Found::Nothing,
        });
        Ok(found.collect())
    }

    /// A lease on each of `keys`, and how many held what is no record of ours.
    pub(crate) async fn lease(&self, lane: usize, keys: &[Vec<u8>]) -> Result<(Vec<Lease>, usize)> {
        let (epoch, names) = self.named(lane, keys);
        let fresh: Vec<_> = keys.iter().map(|_| self.marks.token()).collect();
        let ask = |asked: &Asked| {
            let mut command = self.scripts.lease.command(asked.form, &epoch, slices(&names));
            command.arg(self.fresh_epoch(asked).as_slice()).arg(millis(self.terms.lease));
            for token in &fresh {
                command.arg(token.as_slice());
            }
            alone(command)
        };
        let (answers, _) = self.link.exchange(READING, self.names.slot(lane), Lost::Again, ask).await?;
        let [Value::Array(answer)] = answers.as_slice() else { return Err(garbled(READING)) };
        let leases = answer.iter().skip(1).map(|token| match token {
            Value::BulkString(token) => lease(token),
            _ => None,
        });
        match (answer.first(), leases.collect::<Option<Vec<_>>>()) {
            (Some(Value::Int(strange)), Some(leases)) if leases.len() == keys.len() => {
                Ok((leases, usize::try_from(*strange).unwrap_or_default()))
            }
            _ => Err(garbled(READING)),
        }
    }

    /// Writes all, in their order.
    pub(crate) async fn insert(&self, lane: usize, writes: &[Write]) -> Result<()> {
        let (epoch, names) = self.named_writes(lane, writes);
        let fresh: Vec<_> = writes.iter().map(|_| self.marks.token()).collect();
        let ask = |asked: &Asked| {
            let mut command = self.scripts.insert.command(asked.form, &epoch, slices(&names));
            command.arg(self.fresh_epoch(asked).as_slice()).arg(millis(self.terms.keep));
            for (write, token) in writes.iter().zip(&fresh) {
                command.arg(token.as_slice()).arg(micros(write.ttl)).arg(&write.envelope);
            }
            alone(command)
        };
        self.link.exchange(WRITING, self.names.slot(lane), Lost::Fail, ask).await.map(drop)
    }

    /// Writes each whose lease is good. Whether it was.
    pub(crate) async fn fill(&self, lane: usize, writes: &[Write], stamps: &[[u64; 2]]) -> Result<Vec<bool>> {
        let (epoch, names) = self.named_writes(lane, writes);
        let fresh: Vec<_> = writes.iter().map(|_| self.marks.token()).collect();
        let ask = |asked: &Asked| {
            let mut command = self.scripts.fill.command(asked.form, &epoch, slices(&names));
            command.arg(self.fresh_epoch(asked).as_slice()).arg(millis(self.terms.keep));
            for ((write, stamp), fresh) in writes.iter().zip(stamps).zip(&fresh) {
                command
                    .arg(token(*stamp).as_slice())
                    .arg(fresh.as_slice())
                    .arg(micros(write.ttl))
                    .arg(&write.envelope);
            }
            alone(command)
        };
        let (answers, _) = self.link.exchange(FILLING, self.names.slot(lane), Lost::Fail, ask).await?;
        each(&answers, writes.len()).ok_or_else(|| garbled(FILLING))
    }

    /// Removes all of `keys`. Whether each had a usable value.
    pub(crate) async fn remove(&self, lane: usize, keys: &[Vec<u8>]) -> Result<Vec<bool>> {
        let (epoch, names) = self.named(lane, keys);
        let ask = |asked: &Asked| {
            let mut command = self.scripts.remove.command(asked.form, &epoch, slices(&names));
            command.arg(self.run(asked.run).as_slice());
            alone(command)
        };
        let (answers, _) = self.link.exchange(REMOVING, self.names.slot(lane), Lost::Fail, ask).await?;
        each(&answers, keys.len()).ok_or_else(|| garbled(REMOVING))
    }

    /// Ends the epoch of `lane`: nothing that was written in it is seen again.
    pub(crate) async fn clear(&self, lane: usize) -> Result<()> {
        let epoch = self.names.epoch(lane);
        let ask = |_: &Asked| alone(redis::cmd("UNLINK").arg(&epoch).take());
        self.link.exchange(CLEARING, self.names.slot(lane), Lost::Again, ask).await.map(drop)
    }

    fn named(&self, lane: usize, keys: &[Vec<u8>]) -> (Vec<u8>, Vec<Vec<u8>>) {
        (self.names.epoch(lane), keys.iter().map(|key| self.names.key(lane, key)).collect())
    }

    fn named_writes(&self, lane: usize, writes: &[Write]) -> (Vec<u8>, Vec<Vec<u8>>) {
        (self.names.epoch(lane), writes.iter().map(|write| self.names.key(lane, &write.key)).collect())
    }

    /// The epoch that records must be of, if there is one in this run of the server.
    fn epoch<'a>(&self, held: &'a Value, run: [u8; 8]) -> Option<&'a [u8]> {
        let run = self.run(run);
        match held {
            Value::BulkString(epoch) if epoch.len() == size_of::<Epoch>() => {
                (run == [0; 8] || epoch[..8] == run).then_some(epoch)
            }
            _ => None,
        }
    }

    /// The run an epoch must be of; zeros for any.
    const fn run(&self, run: [u8; 8]) -> [u8; 8] {
        if self.terms.warm_restarts { [0; 8] } else { run }
    }

    fn fresh_epoch(&self, asked: &Asked) -> Epoch {
        let mut epoch = self.marks.epoch();
        epoch[..8].copy_from_slice(&self.run(asked.run));
        epoch
    }
}

/// Makes what no other client makes: a number drawn at the start, and a count.
struct Marks {
    origin: u64,
    count: AtomicU64,
}

impl Marks {
    fn new() -> Self {
        Self { origin: Random::from_entropy().next(), count: AtomicU64::new(0) }
    }

    fn token(&self) -> [u8; 16] {
        token([self.origin, self.count.fetch_add(1, Ordering::Relaxed)])
    }

    /// All its second half is for telling it from others.
    fn epoch(&self) -> Epoch {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        token([0, Random::seeded(self.origin.wrapping_add(count.rotate_left(32))).next()])
    }
}

fn alone(command: Cmd) -> Pipeline {
    let mut commands = Pipeline::with_capacity(1);
    commands.add_command(command);
    commands
}

fn slices(names: &[Vec<u8>]) -> impl ExactSizeIterator<Item = &[u8]> {
    names.iter().map(Vec::as_slice)
}

/// The only answer, as yes or no for each of `count` keys.
fn each(answers: &[Value], count: usize) -> Option<Vec<bool>> {
    match answers {
        [Value::Array(each)] if each.len() == count => {
            Some(each.iter().map(|one| *one == Value::Int(1)).collect())
        }
        _ => None,
    }
}

fn server_time(answer: &Value) -> Option<ServerTime> {
    let number = |value: &Value| match value {
        Value::BulkString(text) => std::str::from_utf8(text).ok()?.parse().ok(),
        _ => None,
    };
    match answer {
        Value::Array(parts) => match parts.as_slice() {
            [seconds, micros] => Some(ServerTime::new(number(seconds)?, number(micros)?)),
            _ => None,
        },
        _ => None,
    }
}

/// At least a millisecond, at most a century, as the server counts.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).clamp(1, 100 * 365 * 86_400_000)
}

/// A life in microseconds, rounded up; -1 for ever, which fifty years are, too.
fn micros(ttl: Option<Duration>) -> i64 {
    const FIFTY_YEARS: u128 = 50 * 365 * 86_400 * 1_000_000;
    match ttl.map(|ttl| ttl.as_nanos().div_ceil(1_000)) {
        Some(micros) if micros < FIFTY_YEARS => i64::try_from(micros).unwrap_or(-1),
        _ => -1,
    }
}
