//! Larder is a pluggable caching framework: the parts of a cache as small public traits, and every known strategy as a
//! part that snaps onto them.
//!
//! > A store keeps entries by key. Everything else is a store around a store. A miss hands out a lease, and only a lease
//! > can fill.
//!
//! This crate re-exports the parts; it has no logic of its own. The contract and the memory engine are at its root
//! ([`Store`], [`Memory`], [`Entry`], [`Lease`], [`Loader`], [`EvictionPolicy`] and their like); the rest by feature:
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `policies` | yes | [`policies`]: eviction policies, one paper each, and the table of them |
//! | `patterns` | yes | [`patterns`]: [`Cache`], and every caching strategy as a store around a store |
//! | `sql` | | [`sql`]: SQLite tables as [`Loader`] and [`Writer`], and as a large tier |
//! | `postgres` | | the same over PostgreSQL |
//! | `journal` | | [`journal`]: a journal in files, for durable write-behind |
//! | `serde` | | [`serde`]: any serde value as bytes |
//! | `compress` | | [`compress`]: deflate, Zstandard and LZ4, under bounds |
//! | `seal` | | [`seal`]: encryption under a keyring |
//! | `disk` | | [`disk`]: a bounded store in a folder, warm after a restart |
//! | `redis` | | [`redis`]: a store in Redis, whose leases the server checks |
//! | `memcached` | | [`memcached`]: a store in memcached, over the meta protocol |
//! | `http` | | [`http`]: a loader over HTTP, with freshness by RFC 9111 |
//! | `moka` | | [`moka`]: moka's caches as stores |
//! | `quick-cache` | | [`quick_cache`]: `quick_cache` as a store |
//! | `foyer` | | [`foyer`]: foyer's in-memory cache as a store |
//! | `dashmap` | | [`dashmap`]: a dashmap as a store, unbounded |
//! | `tower` | | [`tower`]: a layer that caches responses, those of HTTP included |
//! | `testkit` | | [`testkit`]: conformance suites, faulty stores, gated loaders, a seeded simulator |
//! | `lab` | | [`lab`]: traces, simulation, miss-ratio curves |
//! | `tracing` | | refused callbacks and undecodable values as `tracing` events |
//! | `full` | | all of the above |

#![forbid(unsafe_code)]

pub use larder_core::*;

#[cfg(feature = "compress")]
pub use larder_compress as compress;
#[cfg(feature = "dashmap")]
pub use larder_dashmap as dashmap;
#[cfg(feature = "disk")]
pub use larder_disk as disk;
#[cfg(feature = "foyer")]
pub use larder_foyer as foyer;
#[cfg(feature = "http")]
pub use larder_http as http;
#[cfg(feature = "journal")]
pub use larder_journal as journal;
#[cfg(feature = "lab")]
pub use larder_lab as lab;
#[cfg(feature = "memcached")]
pub use larder_memcached as memcached;
#[cfg(feature = "moka")]
pub use larder_moka as moka;
#[cfg(feature = "patterns")]
pub use larder_patterns as patterns;
#[cfg(feature = "policies")]
pub use larder_policies as policies;
#[cfg(feature = "quick-cache")]
pub use larder_quick_cache as quick_cache;
#[cfg(feature = "redis")]
pub use larder_redis as redis;
#[cfg(feature = "seal")]
pub use larder_seal as seal;
#[cfg(feature = "serde")]
pub use larder_serde as serde;
#[cfg(feature = "sql")]
pub use larder_sql as sql;
#[cfg(feature = "testkit")]
pub use larder_testkit as testkit;
#[cfg(feature = "tower")]
pub use larder_tower as tower;

#[cfg(feature = "patterns")]
pub use larder_patterns::Cache;

/// What most files that use Larder want in scope: `use larder::prelude::*`.
pub mod prelude {
    pub use larder_core::{
        Codec, Entry, Env, EvictionPolicy, Loader, Memory, MemoryOptions, Store, StoreExt, Writer,
    };
    #[cfg(feature = "patterns")]
    pub use larder_patterns::{Cache, PatternExt, TokioEnv};
    #[cfg(feature = "policies")]
    pub use larder_policies::*;
}

/// The code in the README compiles and runs.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../README.md")]
pub struct Readme;
