//! The scenarios: one family a file, one row a scenario.

mod aead;
mod batches;
mod codecs;
mod hits;
mod lives;
mod loads;
mod misses;
mod outages;
mod remote;
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
    Scenario {
        name: "far-hangs",
        idea: "a look-up of a far tier, 10 thousand u64 to u64; one that hangs costs 100 ms until the breaker opens",
        threads: &[1],
        is_small: true,
        contestants: outages::contestants,
    },
    Scenario {
        name: "seal-xchacha-1k",
        idea: "sealing 1 KiB by XChaCha20-Poly1305",
        threads: &[1],
        is_small: true,
        contestants: |_| codecs::seal_xchacha(1 << 10),
    },
    Scenario {
        name: "open-xchacha-1k",
        idea: "opening 1 KiB sealed by XChaCha20-Poly1305",
        threads: &[1],
        is_small: true,
        contestants: |_| codecs::open_xchacha(1 << 10),
    },
    Scenario {
        name: "seal-xchacha-64k",
        idea: "sealing 64 KiB by XChaCha20-Poly1305",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::seal_xchacha(64 << 10),
    },
    Scenario {
        name: "open-xchacha-64k",
        idea: "opening 64 KiB sealed by XChaCha20-Poly1305",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::open_xchacha(64 << 10),
    },
    Scenario {
        name: "seal-gcm-1k",
        idea: "sealing 1 KiB by AES-256-GCM",
        threads: &[1],
        is_small: true,
        contestants: |_| codecs::seal_gcm(1 << 10),
    },
    Scenario {
        name: "open-gcm-1k",
        idea: "opening 1 KiB sealed by AES-256-GCM",
        threads: &[1],
        is_small: true,
        contestants: |_| codecs::open_gcm(1 << 10),
    },
    Scenario {
        name: "seal-gcm-64k",
        idea: "sealing 64 KiB by AES-256-GCM",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::seal_gcm(64 << 10),
    },
    Scenario {
        name: "open-gcm-64k",
        idea: "opening 64 KiB sealed by AES-256-GCM",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::open_gcm(64 << 10),
    },
    Scenario {
        name: "pack-zstd-4k",
        idea: "compressing 4 KiB of words by Zstandard, level 3",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::zstd((4 << 10, true)),
    },
    Scenario {
        name: "unpack-zstd-4k",
        idea: "decompressing 4 KiB of words from Zstandard, level 3",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::zstd((4 << 10, false)),
    },
    Scenario {
        name: "pack-zstd-64k",
        idea: "compressing 64 KiB of words by Zstandard, level 3",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::zstd((64 << 10, true)),
    },
    Scenario {
        name: "unpack-zstd-64k",
        idea: "decompressing 64 KiB of words from Zstandard, level 3",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::zstd((64 << 10, false)),
    },
    Scenario {
        name: "pack-deflate-4k",
        idea: "compressing 4 KiB of words by deflate, level 6",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::deflate((4 << 10, true)),
    },
    Scenario {
        name: "unpack-deflate-4k",
        idea: "decompressing 4 KiB of words from deflate, level 6",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::deflate((4 << 10, false)),
    },
    Scenario {
        name: "pack-deflate-64k",
        idea: "compressing 64 KiB of words by deflate, level 6",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::deflate((64 << 10, true)),
    },
    Scenario {
        name: "unpack-deflate-64k",
        idea: "decompressing 64 KiB of words from deflate, level 6",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::deflate((64 << 10, false)),
    },
    Scenario {
        name: "pack-lz4-4k",
        idea: "compressing 4 KiB of words by LZ4",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::lz4((4 << 10, true)),
    },
    Scenario {
        name: "unpack-lz4-4k",
        idea: "decompressing 4 KiB of words from LZ4",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::lz4((4 << 10, false)),
    },
    Scenario {
        name: "pack-lz4-64k",
        idea: "compressing 64 KiB of words by LZ4",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::lz4((64 << 10, true)),
    },
    Scenario {
        name: "unpack-lz4-64k",
        idea: "decompressing 64 KiB of words from LZ4",
        threads: &[1],
        is_small: false,
        contestants: |_| codecs::lz4((64 << 10, false)),
    },
    Scenario {
        name: "redis-get-100",
        idea: "a hit in Redis over the loopback, values of 100 bytes, beside the plain client",
        threads: &[1],
        is_small: false,
        contestants: |_| remote::get(100),
    },
    Scenario {
        name: "redis-get-4k",
        idea: "a hit in Redis over the loopback, values of 4 KiB, beside the plain client",
        threads: &[1],
        is_small: false,
        contestants: |_| remote::get(4 << 10),
    },
    Scenario {
        name: "redis-get-many-100",
        idea: "100 hits in one round trip to Redis, values of 100 bytes, beside the plain client",
        threads: &[1],
        is_small: false,
        contestants: |_| remote::get_many(100),
    },
    Scenario {
        name: "redis-get-many-4k",
        idea: "100 hits in one round trip to Redis, values of 4 KiB, beside the plain client",
        threads: &[1],
        is_small: false,
        contestants: |_| remote::get_many(4 << 10),
    },
];
