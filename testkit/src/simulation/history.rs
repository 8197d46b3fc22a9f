//! What was written, read, loaded and installed, and whether that may be: the oracle.

use std::sync::Mutex;
use std::time::Duration;

use larder_core::{Clock, Life, Time};

use super::settings::Settings;
use crate::latch::locked;

/// All that happened in one run so far. Moments are counted, not measured: each event is one.
pub(super) struct History {
    clock: Clock,
    one_flight: bool,
    judges_installs: bool,
    state: Mutex<State>,
}

struct State {
    moment: u64,
    values: u64,
    keys: Vec<OfKey>,
    trace: Vec<String>,
    broken: Option<String>,
}

struct OfKey {
    row: Option<u64>,
    writes: Vec<Write>,
    /// The beginning of the latest acknowledged write: what had ended before it is stale.
    floor: Floor,
    /// When a write ended last of which nobody knows the outcome, unless a later one was acknowledged.
    unsure: Option<u64>,
    /// Writes and clears under way.
    changing: usize,
    /// When one of them began or ended last.
    changed: u64,
    /// The loads under way.
    loads: Vec<Load>,
    /// Look-ups under way, and those that ended not long ago.
    reads: Vec<Read>,
    reserved: bool,
}

struct Write {
    value: Option<u64>,
    began: u64,
    ended: Option<u64>,
}

/// Begun by the caller `since` or later.
struct Load {
    began: u64,
    since: u64,
}

struct Read {
    began: u64,
    ended: Option<Time>,
}

/// What a reader who begins now must not fall below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Floor(u64);

/// A write under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct WriteId(usize);

/// For how long after a look-up the load may still begin that it decided on: its task waits for its turn.
const AFTERWARDS: Duration = Duration::from_millis(60);

impl History {
    /// Every other key has a row.
    pub(super) fn new(clock: &Clock, settings: Settings) -> Self {
        let Settings { keys, one_flight, judges_installs, .. } = settings;
        let of_key = |key| OfKey::new((key % 2 == 0).then_some(key + 1));
        let keys: Vec<_> = (0..keys.max(1)).map(of_key).collect();
        let values = keys.len() as u64;
        let state = State { moment: 1, values, keys, trace: Vec::new(), broken: None };
        Self { clock: clock.clone(), one_flight, judges_installs, state: Mutex::new(state) }
    }

    /// Notes a line in the trace.
    pub(super) fn say(&self, line: &str) {
        let now = self.clock.now().as_nanos() / 1_000_000;
        locked(&self.state).trace.push(format!("{now:>5} ms  {line}"));
    }

    /// Notes that a promise was broken. The first counts.
    pub(super) fn accuse(&self, reason: &str) {
        self.say(&format!("BROKEN: {reason}"));
        locked(&self.state).broken.get_or_insert_with(|| reason.to_owned());
    }

    pub(super) fn broken(&self) -> Option<String> {
        locked(&self.state).broken.clone()
    }

    pub(super) fn trace(&self) -> Vec<String> {
        locked(&self.state).trace.clone()
    }

    /// A value that was never written.
    pub(super) fn new_value(&self) -> u64 {
        let mut state = locked(&self.state);
        state.values += 1;
        state.values
    }

    pub(super) fn row(&self, key: u64) -> Option<u64> {
        self.with(key, |of_key, _| of_key.row)
    }

    pub(super) fn set_row(&self, key: u64, row: Option<u64>) {
        self.with(key, |of_key, _| of_key.row = row);
    }

    /// Takes the right to write `key`, if nobody has it: an application's own lock.
    pub(super) fn reserve(&self, key: u64) -> bool {
        self.with(key, |of_key, _| !std::mem::replace(&mut of_key.reserved, true))
    }

    pub(super) fn release(&self, key: u64) {
        self.with(key, |of_key, _| of_key.reserved = false);
    }

    /// A write begins. `None` is the value of a removal.
    pub(super) fn begin_write(&self, key: u64, value: Option<u64>) -> WriteId {
        self.begin_change(key);
        self.with(key, |of_key, now| {
            of_key.writes.push(Write { value, began: now, ended: None });
            WriteId(of_key.writes.len() - 1)
        })
    }

    /// A write ends; unless it is acknowledged nobody knows whether it happened.
    pub(super) fn end_write(&self, key: u64, write: WriteId, acknowledged: bool) {
        self.with(key, |of_key, now| {
            let Some(write) = of_key.writes.get_mut(write.0) else { return };
            write.ended = Some(now);
            if !acknowledged {
                of_key.unsure = Some(now);
                return;
            }
            of_key.floor = of_key.floor.max(Floor(write.began));
            let began = write.began;
            of_key.unsure = of_key.unsure.filter(|unsure| *unsure >= began);
        });
        self.end_change(key);
    }

    /// Something begins that ends the flights of `key`.
    pub(super) fn begin_change(&self, key: u64) {
        self.with(key, |of_key, now| {
            of_key.changing += 1;
            of_key.changed = now;
        });
    }

    pub(super) fn end_change(&self, key: u64) {
        self.with(key, |of_key, now| {
            of_key.changing -= 1;
            of_key.changed = now;
        });
    }

    /// Look-ups begin; they end when the guard is dropped.
    pub(super) fn reading(&self, keys: &[u64]) -> Reading<'_> {
        let begin = |key: &u64| {
            let began = self.with(*key, |of_key, now| {
                of_key.reads.push(Read { began: now, ended: None });
                now
            });
            (*key, began)
        };
        Reading { history: self, begun: keys.iter().map(begin).collect() }
    }

    /// A load begins: the only one of its key, unless the key changed since one of them may have been decided on.
    pub(super) fn begin_load(&self, key: u64) -> u64 {
        let time = self.clock.now();
        let (now, is_second) = self.with(key, |of_key, now| {
            of_key.reads.retain(|read| read.ended.is_none_or(|ended| time.since(ended) < AFTERWARDS));
            let since = of_key.reads.iter().map(|read| read.began).min().unwrap_or(now);
            let unchanged = of_key.changing == 0 && of_key.changed < since;
            let is_second = unchanged && of_key.loads.iter().any(|other| of_key.changed < other.since);
            of_key.loads.push(Load { began: now, since });
            (now, is_second)
        });
        if is_second && self.one_flight {
            self.accuse(&format!("key {key} is loaded twice at once, and nobody wrote it"));
        }
        now
    }

    pub(super) fn end_load(&self, key: u64, began: u64) {
        self.with(key, |of_key, _| of_key.loads.retain(|load| load.began != began));
    }

    pub(super) fn keys(&self) -> u64 {
        locked(&self.state).keys.len() as u64
    }

    pub(super) fn floor(&self, key: u64) -> Floor {
        self.with(key, |of_key, _| of_key.floor)
    }

    /// Whether nobody knows what the last write did.
    pub(super) fn is_unsure(&self, key: u64) -> bool {
        self.with(key, |of_key, _| of_key.unsure.is_some())
    }

    /// Whether every write of `value` had ended before `floor`; also if there was none.
    pub(super) fn is_stale(&self, key: u64, value: Option<u64>, floor: Floor) -> bool {
        self.with(key, |of_key, _| {
            !of_key.writes.iter().any(|write| write.value == value && !write.is_below(floor))
        })
    }

    /// Accuses `who` if `value` was replaced before `floor`, or was never written.
    pub(super) fn judge(&self, who: &str, key: u64, value: Option<u64>, floor: Floor) {
        if self.is_stale(key, value, floor) {
            let value = shown(value);
            self.accuse(&format!(
                "{who} key {key} = {value}, older than a write that was acknowledged before"
            ));
        }
    }

    /// The same of what is in a store now, for as long as `life`: one that is over at once is a removal under a lease.
    pub(super) fn judge_installed(&self, who: &str, key: u64, entry: (u64, Life), floor: Floor) {
        let (value, life) = entry;
        if self.judges_installs && life.is_usable(self.clock.now()) {
            self.judge(who, key, Some(value), floor);
        }
    }

    fn with<T>(&self, key: u64, act: impl FnOnce(&mut OfKey, u64) -> T) -> T {
        let mut state = locked(&self.state);
        state.moment += 1;
        let (now, last) = (state.moment, state.keys.len() - 1);
        act(&mut state.keys[(key as usize).min(last)], now)
    }
}

impl OfKey {
    fn new(row: Option<u64>) -> Self {
        let first = Write { value: row, began: 0, ended: Some(0) };
        Self {
            row,
            writes: vec![first],
            floor: Floor(0),
            unsure: None,
            changing: 0,
            changed: 0,
            loads: Vec::new(),
            reads: Vec::new(),
            reserved: false,
        }
    }
}

impl Write {
    fn is_below(&self, floor: Floor) -> bool {
        self.ended.is_some_and(|ended| ended < floor.0)
    }
}

/// Look-ups under way: they end when it is dropped.
pub(super) struct Reading<'a> {
    history: &'a History,
    begun: Vec<(u64, u64)>,
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let time = self.history.clock.now();
        for (key, began) in &self.begun {
            self.history.with(*key, |of_key, _| {
                let own = of_key.reads.iter_mut().filter(|read| read.began == *began);
                own.for_each(|read| read.ended = Some(time));
            });
        }
    }
}

/// A value for the trace.
pub(super) fn shown(value: Option<u64>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
}
