//! The scenarios: one family a file, one row a scenario.

mod batches;
mod hits;
mod lives;
mod loads;
mod mixes;
mod tiers;

use larder_bench::contestant::Contestant;

/// One table.
pub struct Scenario {
    /// What it is called.
    pub name: &'static str,
    /// What it is.
    pub idea: &'static str,
    /// With how many threads it is run.
    pub threads: &'static [usize],
    /// Who takes part.
    pub contestants: fn() -> Vec<Contestant>,
}

/// Every scenario whose contestants take turns, in the order of the report.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "hit-u64-10k",
        idea: "a hit, 10 thousand u64 to u64, Zipf 0.99, all resident",
        threads: &[1, 2],
        contestants: || hits::numbers(10_000),
    },
    Scenario {
        name: "hit-u64-1m",
        idea: "a hit, 1 million u64 to u64, Zipf 0.99, all resident",
        threads: &[1, 2],
        contestants: || hits::numbers(1_000_000),
    },
    Scenario {
        name: "hit-string-1m",
        idea: "a hit, 1 million strings to Arc<[u8; 256]>, Zipf 0.99, all resident",
        threads: &[1, 2],
        contestants: || hits::strings(1_000_000),
    },
    Scenario {
        name: "hit-one-key",
        idea: "a hit, all threads on one of 10 thousand keys",
        threads: &[1, 2],
        contestants: hits::one_key,
    },
    Scenario {
        name: "read-mostly-0.9",
        idea: "look up, insert on a miss; 1 million u64, Zipf 0.9, room for a tenth",
        threads: &[1, 2],
        contestants: || mixes::read_mostly(0.9),
    },
    Scenario {
        name: "read-mostly-1.1",
        idea: "look up, insert on a miss; 1 million u64, Zipf 1.1, room for a tenth",
        threads: &[1, 2],
        contestants: || mixes::read_mostly(1.1),
    },
    Scenario {
        name: "half-inserts",
        idea: "every other operation an insert; 100 thousand u64, Zipf 0.99, room for a tenth",
        threads: &[1, 2],
        contestants: mixes::half_inserts,
    },
    Scenario {
        name: "scan",
        idea: "look up, insert on a miss; 10 thousand hot keys, and a scan of one in four requests through them",
        threads: &[1, 2],
        contestants: mixes::scan,
    },
    Scenario {
        name: "get-many-1m",
        idea: "32 resident keys at once, 1 million u64; costs are for one key",
        threads: &[1, 2],
        contestants: batches::contestants,
    },
    Scenario {
        name: "get-or-load",
        idea: "the hit of a load on a miss, async, 10 thousand u64",
        threads: &[1, 2],
        contestants: loads::contestants,
    },
    Scenario {
        name: "two-tiers",
        idea: "two tiers, a hit in the near one, async, 10 thousand strings to Arc<[u8; 256]> or bytes",
        threads: &[1],
        contestants: tiers::contestants,
    },
    Scenario {
        name: "lives",
        idea: "a hit with the default TTL, jitter and time-to-idle at work, 10 thousand u64",
        threads: &[1, 2],
        contestants: lives::contestants,
    },
];
