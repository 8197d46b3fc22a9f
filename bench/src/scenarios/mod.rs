//! The scenarios: one family a file, one row a scenario.

mod batches;
mod hits;
mod lives;
mod loads;
mod misses;
mod replays;
mod stores;
mod tiers;
mod towers;
mod yardsticks;

use crate::contestant::Contestant;
use crate::setting::Setting;

/// One table of the report.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) idea: &'static str,
    pub(crate) threads: &'static [usize],
    /// Small enough to have its instructions counted.
    pub(crate) is_small: bool,
    /// Who takes part; the first is the yardstick.
    pub(crate) contestants: fn(Setting) -> Vec<Contestant>,
}

/// Every scenario, in the order of the report.
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "hit-u64-10k",
        idea: "a hit, 10 thousand u64 to u64, Zipf 0.99, all resident",
        threads: &[1, 2],
        is_small: true,
        contestants: |setting| hits::numbers(setting, 10_000),
    },
    Scenario {
        name: "hit-u64-1m",
        idea: "a hit, 1 million u64 to u64, Zipf 0.99, all resident",
        threads: &[1, 2],
        is_small: false,
        contestants: |setting| hits::numbers(setting, 1_000_000),
    },
    Scenario {
        name: "hit-one-key",
        idea: "a hit, all threads on one of 10 thousand keys, u64 to u64",
        threads: &[1, 2],
        is_small: false,
        contestants: hits::one_key,
    },
    Scenario {
        name: "hit-string-10k",
        idea: "a hit, 10 thousand strings to Arc<[u8; 256]>, Zipf 0.99, all resident",
        threads: &[1, 2],
        is_small: true,
        contestants: |setting| hits::strings(setting, 10_000),
    },
    Scenario {
        name: "hit-string-1m",
        idea: "a hit, 1 million strings to Arc<[u8; 256]>, Zipf 0.99, all resident",
        threads: &[1, 2],
        is_small: false,
        contestants: |setting| hits::strings(setting, 1_000_000),
    },
    Scenario {
        name: "hit-life",
        idea: "a hit with the clock at work, 10 thousand u64 to u64",
        threads: &[1],
        is_small: true,
        contestants: lives::contestants,
    },
    Scenario {
        name: "hit-store",
        idea: "a hit through the trait and through wrappers, 10 thousand u64 to u64",
        threads: &[1],
        is_small: true,
        contestants: stores::contestants,
    },
    Scenario {
        name: "hit-load",
        idea: "a hit of the operations that would load, 10 thousand u64 to u64",
        threads: &[1, 2],
        is_small: true,
        contestants: loads::contestants,
    },
    Scenario {
        name: "hit-tower",
        idea: "a hit through towers of patterns by get, 10 thousand u64 to u64",
        threads: &[1],
        is_small: true,
        contestants: towers::get,
    },
    Scenario {
        name: "hit-tower-now",
        idea: "a hit through towers of patterns by get_now, 10 thousand u64 to u64",
        threads: &[1],
        is_small: true,
        contestants: towers::get_now,
    },
    Scenario {
        name: "hit-tiers",
        idea: "two tiers, a hit in the near one, 10 thousand strings to Arc<[u8; 256]>",
        threads: &[1],
        is_small: true,
        contestants: tiers::contestants,
    },
    Scenario {
        name: "hit-batch",
        idea: "32 hits at once, a key, 10 thousand u64 to u64",
        threads: &[1],
        is_small: true,
        contestants: |setting| batches::contestants(setting, 10_000),
    },
    Scenario {
        name: "hit-batch-1m",
        idea: "32 hits at once, a key, 1 million u64 to u64",
        threads: &[1],
        is_small: false,
        contestants: |setting| batches::contestants(setting, 1_000_000),
    },
    Scenario {
        name: "miss-insert-10k",
        idea: "look up, insert on a miss; 100 thousand u64, Zipf 0.99, room for a tenth",
        threads: &[1, 2],
        is_small: true,
        contestants: |setting| misses::contestants(setting, 10_000),
    },
    Scenario {
        name: "miss-insert-100k",
        idea: "look up, insert on a miss; 1 million u64, Zipf 0.99, room for a tenth",
        threads: &[1, 2],
        is_small: false,
        contestants: |setting| misses::contestants(setting, 100_000),
    },
    Scenario {
        name: "simulate",
        idea: "a trace replayed by the lab, a hundred requests an operation; 100 thousand keys, Zipf 0.99, room for a tenth",
        threads: &[1],
        is_small: true,
        contestants: replays::contestants,
    },
];
