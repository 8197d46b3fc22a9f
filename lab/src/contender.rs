//! Who can be replayed: every policy of the table, and the two that know the future.

use larder_policies::{POLICIES, Policy};

use crate::belady::{Belady, BeladySize};
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

/// Which sizes a policy lets in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Admission {
    /// Whatever is not larger than the cache: what the engine does.
    #[default]
    Capacity,
    /// Whatever fits into the part of the cache where the paper's own simulator puts what is new.
    Papers,
}

/// Of which policies the simulators of the papers refuse entries that fit into the cache, and above which size.
const SMALLER: &[(&str, fn(u64) -> u64)] = &[
    ("s3-fifo", |capacity| (capacity / 10).saturating_sub(1)),
    ("qdlp", |capacity| (capacity / 10).saturating_sub(1)),
    ("2q", |capacity| capacity / 4),
    ("slru", |capacity| capacity / 4),
];

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

    /// Whether a cache could run it.
    pub const fn is_online(self) -> bool {
        matches!(self, Self::Online(_))
    }

    /// An empty cache of this policy.
    pub fn replay(self, capacity: u64, weighing: Weighing, admission: Admission) -> Box<dyn Replay> {
        match self {
            Self::Online(policy) => {
                let simulator = Simulator::new((policy.make)(capacity), capacity, weighing);
                Box::new(simulator.admitting(self.largest(capacity, weighing, admission)))
            }
            Self::Belady => Box::new(Belady::new(capacity, weighing)),
            Self::BeladySize => Box::new(BeladySize::new(capacity, weighing)),
        }
    }

    fn largest(self, capacity: u64, weighing: Weighing, admission: Admission) -> u64 {
        let rules = weighing == Weighing::Sizes && admission == Admission::Papers;
        let rule = SMALLER.iter().find(|(name, _)| rules && *name == self.name());
        rule.map_or(capacity, |(_, largest)| largest(capacity))
    }
}
