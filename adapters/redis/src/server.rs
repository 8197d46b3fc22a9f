//! What a namespace asks of its server, in chunks of one lane.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder_core::{Clock, Envelope, Lease, Life, Parcel, Random, Result, Time};
use redis::{Cmd, Pipeline, Value};

use crate::failure::garbled;
use crate::link::{Asked, Link, Lost};
use crate::names::Names;
use crate::record::{Epoch, Held, Mark, ServerTime, lease, token};
use crate::script::{Script, Scripts};

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

impl AsRef<[u8]> for Write {
    fn as_ref(&self) -> &[u8] {
        &self.key
    }
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

    /// What there is for each of `keys`, all of `lane`. One command, and now and then a question for the time.
    pub(crate) async fn read<K: AsRef<[u8]> + Sync>(
        &self,
        lane: usize,
        keys: &[K],
    ) -> Result<impl Iterator<Item = Found> + use<K>> {
        let epoch = self.names.epoch(lane);
        let now = self.clock.now();
        let ask = |asked: &Asked| {
            let mut command = redis::cmd("MGET");
            command.arg(&epoch);
            self.names.add(&mut command, lane, keys);
            let mut commands = alone(command);
            if asked.needs_time {
                commands.cmd("TIME");
            }
            commands
        };
        let answered = self.link.exchange(READING, self.names.slot(lane), Lost::Again, ask).await?;
        let told = match answered.values.get(1) {
            Some(time) => Some(server_time(time).ok_or_else(|| garbled(READING))?),
            None => None,
        };
        let time = answered.time(told).ok_or_else(|| garbled(READING))?;
        let run = answered.run();
        let mut held = match answered.values.into_iter().next() {
            Some(Value::Array(held)) if held.len() == keys.len() + 1 => held.into_iter(),
            _ => return Err(garbled(READING)),
        };
        let mark = held.next().and_then(|epoch| self.mark(&epoch, run));
        Ok(held.map(move |held| found(held, mark, time, now)))
    }

    /// A lease on each of `keys`, and how many held what is no record of ours.
    pub(crate) async fn lease<K: AsRef<[u8]> + Sync>(
        &self,
        lane: usize,
        keys: &[K],
    ) -> Result<(Vec<Lease>, usize)> {
        let fresh: Vec<_> = keys.iter().map(|_| self.marks.token()).collect();
        let ask = |asked: &Asked| {
            let mut command = self.run(&self.scripts.lease, asked, lane, keys);
            command.arg(self.fresh_epoch(asked).as_slice()).arg(millis(self.terms.lease));
            for token in &fresh {
                command.arg(token.as_slice());
            }
            alone(command)
        };
        let answers = self.link.exchange(READING, self.names.slot(lane), Lost::Again, ask).await?.values;
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
        let fresh: Vec<_> = writes.iter().map(|_| self.marks.token()).collect();
        let ask = |asked: &Asked| {
            let mut command = self.run(&self.scripts.insert, asked, lane, writes);
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
        let fresh: Vec<_> = writes.iter().map(|_| self.marks.token()).collect();
        let ask = |asked: &Asked| {
            let mut command = self.run(&self.scripts.fill, asked, lane, writes);
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
        let answers = self.link.exchange(FILLING, self.names.slot(lane), Lost::Fail, ask).await?.values;
        each(&answers, writes.len()).ok_or_else(|| garbled(FILLING))
    }

    /// Removes all of `keys`. Whether each had a usable value.
    pub(crate) async fn remove(&self, lane: usize, keys: &[Vec<u8>]) -> Result<Vec<bool>> {
        let ask = |asked: &Asked| {
            let mut command = self.run(&self.scripts.remove, asked, lane, keys);
            command.arg(self.valid_run(asked.run).as_slice());
            alone(command)
        };
        let answers = self.link.exchange(REMOVING, self.names.slot(lane), Lost::Fail, ask).await?.values;
        each(&answers, keys.len()).ok_or_else(|| garbled(REMOVING))
    }

    /// Ends the epoch of `lane`: nothing that was written in it is seen again.
    pub(crate) async fn clear(&self, lane: usize) -> Result<()> {
        let epoch = self.names.epoch(lane);
        let ask = |_: &Asked| alone(redis::cmd("UNLINK").arg(&epoch).take());
        self.link.exchange(CLEARING, self.names.slot(lane), Lost::Again, ask).await.map(drop)
    }

    /// The command that runs `script` over the epoch and the records of `keys`.
    fn run<K: AsRef<[u8]>>(&self, script: &Script, asked: &Asked, lane: usize, keys: &[K]) -> Cmd {
        let mut command = script.command(asked.form, &self.names.epoch(lane), keys.len());
        self.names.add(&mut command, lane, keys);
        command
    }

    /// What records must bear, if there is an epoch in this run of the server.
    fn mark(&self, epoch: &Value, run: [u8; 8]) -> Option<Mark> {
        let Value::BulkString(epoch) = epoch else { return None };
        let (of, mark) = epoch.split_first_chunk::<8>()?;
        let run = self.valid_run(run);
        if run == [0; 8] || *of == run { mark.try_into().ok() } else { None }
    }

    /// The run an epoch must be of; zeros for any.
    const fn valid_run(&self, run: [u8; 8]) -> [u8; 8] {
        if self.terms.warm_restarts { [0; 8] } else { run }
    }

    fn fresh_epoch(&self, asked: &Asked) -> Epoch {
        let mut epoch = self.marks.epoch();
        epoch[..8].copy_from_slice(&self.valid_run(asked.run));
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

/// What a key holds, to who knows the epoch's mark, the server's time and our own.
#[inline]
fn found(held: Value, mark: Option<Mark>, time: ServerTime, now: Time) -> Found {
    let (Some(mark), Value::BulkString(bytes)) = (mark, held) else { return Found::Nothing };
    let (before, elapsed) = match Held::read(&bytes, mark, time) {
        Held::Nothing | Held::Strange => return Found::Nothing,
        Held::Stub(lease) => return Found::Lease(lease),
        Held::Value { envelope, elapsed } => (bytes.len() - envelope.len(), elapsed),
    };
    Envelope::read_owned(bytes, before, now, elapsed)
        .map_or(Found::Unreadable, |(parcel, life)| Found::Value(parcel, life))
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
