//! Who can be replayed: every policy of the table, and the two that know the future.

use larder_core::EvictionPolicy;
use larder_policies::{
    Arc, Cacheus, Car, Clock, ClockPro, Fifo, Gdsf, Hyperbolic, LeCaR, Lfu, LfuDa, Lhd, Lirs, Lru, LruK, Mru,
    POLICIES, Policy, QdClock, QdLpFifo, Random, S3Fifo, Sieve, Slru, TwoQ, WTinyLfu,
};

use crate::belady::{Belady, BeladySize};
use crate::clocked::Clocked;
use crate::simulator::{Simulator, Weighing};
use crate::tally::Replay;

/// A policy that can be replayed.
#[derive(Clone, Copy, Debug)]
pub enum Contender {
    /// One that a cache can run.
    Online(&'static Policy),
    /// [`Belady`].
    Belady,
    /// [`BeladySize`].
    BeladySize,
}

/// Whose rules count where a cache and the simulator of a paper differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rules {
    /// What the engine does: whatever fits into the cache is let in, and leaves when room is needed.
    #[default]
    Engine,
    /// What the papers' own simulators do: some refuse what is larger than a part of the cache, and keep parts within
    /// their shares although there is room. For counts that can be compared.
    Papers,
}

/// What a policy is called in Rust, and how its replay starts: its code is compiled into the loop.
struct Compiled {
    name: &'static str,
    type_name: &'static str,
    start: fn(capacity: u64, weighing: Weighing) -> Box<dyn Replay>,
}

macro_rules! compiled {
    ($($name:literal $policy:ident,)*) => {
        &[$(Compiled {
            name: $name,
            type_name: stringify!($policy),
            start: |capacity, weighing| plain($policy::new(capacity), capacity, weighing),
        }),*]
    };
}

const COMPILED: &[Compiled] = compiled! {
    "fifo" Fifo,
    "lru" Lru,
    "lfu" Lfu,
    "lfuda" LfuDa,
    "gdsf" Gdsf,
    "mru" Mru,
    "random" Random,
    "clock" Clock,
    "slru" Slru,
    "2q" TwoQ,
    "lru-k" LruK,
    "arc" Arc,
    "car" Car,
    "lirs" Lirs,
    "clock-pro" ClockPro,
    "sieve" Sieve,
    "s3-fifo" S3Fifo,
    "qdlp" QdLpFifo,
    "qd-clock" QdClock,
    "w-tinylfu" WTinyLfu,
    "lecar" LeCaR,
    "cacheus" Cacheus,
    "lhd" Lhd,
    "hyperbolic" Hyperbolic,
};

fn plain<P: EvictionPolicy>(policy: P, capacity: u64, weighing: Weighing) -> Box<dyn Replay> {
    Box::new(Clocked::new(Simulator::new(policy, capacity, weighing)))
}

/// The policies that have rules of their own by their papers.
fn by_paper(name: &str, capacity: u64, weighing: Weighing) -> Option<Box<dyn Replay>> {
    fn strict<P: EvictionPolicy>(
        policy: P,
        overflows: fn(&P, u64, u64) -> bool,
        room: (u64, Weighing),
    ) -> Box<dyn Replay> {
        Box::new(Clocked::new(Simulator::new(policy, room.0, room.1).shedding(overflows)))
    }
    let room = (capacity, weighing);
    Some(match name {
        "slru" => strict(Slru::reference(capacity), Slru::overflows, room),
        "2q" => strict(TwoQ::reference(capacity), TwoQ::overflows, room),
        "lirs" => strict(Lirs::reference(capacity), Lirs::overflows, room),
        "qdlp" => strict(QdLpFifo::reference(capacity), QdLpFifo::overflows, room),
        // The halves of a cache of 1 would hold nothing: it would never hit.
        "cacheus" if capacity > 1 => strict(Cacheus::new(capacity), Cacheus::overflows, room),
        "s3-fifo" if weighing == Weighing::Sizes => {
            let largest = (capacity / 10).saturating_sub(1);
            let s3_fifo = Simulator::new(S3Fifo::new(capacity), capacity, weighing);
            Box::new(Clocked::new(s3_fifo.admitting(largest)))
        }
        _ => return None,
    })
}

impl Contender {
    /// All of them, in the table's order; those that know the future last.
    pub fn all() -> Vec<Self> {
        POLICIES.iter().map(Self::Online).chain([Self::Belady, Self::BeladySize]).collect()
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|contender| contender.name() == name)
    }

    /// Its name on a command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Online(policy) => policy.name,
            Self::Belady => "belady",
            Self::BeladySize => "belady-size",
        }
    }

    /// Its name in a text.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Online(policy) => policy.title,
            Self::Belady => "Belady",
            Self::BeladySize => "Belady by size",
        }
    }

    /// Its name in Rust, below `larder::policies`; `None` for those that no cache can run.
    pub fn type_name(self) -> Option<&'static str> {
        self.compiled().map(|compiled| compiled.type_name)
    }

    fn compiled(self) -> Option<&'static Compiled> {
        COMPILED.iter().find(|compiled| compiled.name == self.name())
    }

    /// Whether a cache could run it.
    pub const fn is_online(self) -> bool {
        matches!(self, Self::Online(_))
    }

    /// An empty cache of this policy.
    pub fn replay(self, capacity: u64, weighing: Weighing, rules: Rules) -> Box<dyn Replay> {
        match self {
            Self::Online(policy) => {
                let by_paper =
                    if rules == Rules::Papers { by_paper(policy.name, capacity, weighing) } else { None };
                by_paper.unwrap_or_else(|| match self.compiled() {
                    Some(compiled) => (compiled.start)(capacity, weighing),
                    None => plain((policy.make)(capacity), capacity, weighing),
                })
            }
            Self::Belady => Box::new(Belady::new(capacity, weighing)),
            Self::BeladySize => Box::new(BeladySize::new(capacity, weighing)),
        }
    }
}
