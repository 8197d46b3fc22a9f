//! What a store should hold, in plain code: the referee of the random run.

use std::time::Duration;

use larder_core::Time;

/// How many keys the random run uses. Few, so that its operations meet.
pub(super) const KEYS: u64 = 8;

/// One slot a key. A slot's generation is raised by each event that voids the key's leases.
pub(super) struct Model {
    slots: [Slot; KEYS as usize],
    now: Time,
    tick: Duration,
    default_ttl: Option<Duration>,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    value: Option<u64>,
    /// When the value ends; `None`: never.
    ends: Option<Time>,
    generation: u64,
}

/// What the model knows of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Value(u64),
    Nothing,
    /// The value's end is less than a tick away: it may be there or not.
    Either(u64),
}

/// How long an entry of the random run says it lives.
#[derive(Clone, Copy)]
pub(super) enum Ttl {
    Default,
    Never,
    Of(Duration),
}

impl Model {
    pub(super) fn new(now: Time, tick: Duration, default_ttl: Option<Duration>) -> Self {
        Self { slots: [Slot::default(); KEYS as usize], now, tick, default_ttl }
    }

    pub(super) fn pass(&mut self, now: Time) {
        self.now = now;
    }

    pub(super) fn generation(&self, key: u64) -> u64 {
        self.slots[key as usize].generation
    }

    pub(super) fn expected(&self, key: u64) -> Expected {
        let slot = self.slots[key as usize];
        let Some(value) = slot.value else { return Expected::Nothing };
        let Some(ends) = slot.ends else { return Expected::Value(value) };
        let blurred = self.tick.saturating_sub(Duration::from_nanos(1));
        if self.now.since(ends) > blurred || (self.now >= ends && blurred.is_zero()) {
            Expected::Nothing
        } else if ends.since(self.now) > blurred {
            Expected::Value(value)
        } else {
            Expected::Either(value)
        }
    }

    pub(super) fn write(&mut self, key: u64, value: u64, ttl: Ttl) {
        let ends = match ttl {
            Ttl::Default => self.default_ttl.map(|ttl| self.now.after(ttl)),
            Ttl::Never => None,
            Ttl::Of(ttl) => Some(self.now.after(ttl)).filter(|ends| *ends < Time::MAX),
        };
        let generation = self.generation(key) + 1;
        self.slots[key as usize] = Slot { value: Some(value), ends, generation };
    }

    pub(super) fn remove(&mut self, key: u64) {
        let generation = self.generation(key) + 1;
        self.slots[key as usize] = Slot { generation, ..Slot::default() };
    }

    pub(super) fn clear(&mut self) {
        (0..KEYS).for_each(|key| self.remove(key));
    }

    /// The store has let go of the entry, which is not a write.
    pub(super) fn lose(&mut self, key: u64) {
        self.slots[key as usize].value = None;
    }
}
