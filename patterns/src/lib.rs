//! A pattern is a store around a store: what it wraps it asks first, and what it adds it says in one line.
//!
//! | | |
//! |---|---|
//! | [`PatternExt`] | puts every pattern on every store |
//! | [`CacheAside`] | a repository that asks the cache, then the origin |
//! | [`ReadThrough`] | a miss is loaded, once for all who wait |
//! | [`Fresh`], [`Freshness`], [`Budget`] | refresh-ahead, stale answers, back-off, negative entries: all that concerns freshness |
//! | [`Tiered`] | a near copy of what is used most |
//! | [`Answer`], [`Source`] | which level answered, how old it is, whether it is fresh |
//! | [`Tagged`], [`Tags`], [`Tag`] | one step drops every entry that carries a tag |
//! | [`Namespaced`], [`Namespace`] | a part of a store, dropped in one step by its version or its epoch |
//! | [`WriteThrough`] | a write reaches the origin, then the cache |
//! | [`WriteAround`] | a write reaches the origin, and only invalidates the cache |
//! | [`WriteBehind`], [`Batch`] | a write is queued, and reaches the origin in batches; from a journal, if need be |
//! | [`Guarded`], [`TimeLimit`], [`Circuit`], [`Bulkhead`] | a time limit, a circuit breaker, a bulkhead before a store |
//! | [`Retried`], [`Hedged`] | a call that failed, or is slow, is made again, within a budget |
//! | [`Optional`] | a tier whose faults are misses, and are reported |
//! | [`Cache`] | memory, loading, names and statistics in one handle: for the many who want just a cache |
//! | [`TokioEnv`] | `Env::tokio()`: the real world |

#![forbid(unsafe_code)]

mod back_off;
mod bounded;
mod cache;
mod cache_aside;
mod ext;
mod flight;
mod fresh;
mod hits;
mod invalidating;
mod loading;
mod loads;
mod namespaced;
mod origin_first;
mod panics;
mod read_through;
mod resilience;
mod runtime;
mod source;
mod stripes;
mod tags;
mod tiered;
mod within;
mod write_around;
mod write_behind;
mod write_through;
mod writes;

pub use cache::{Cache, CacheBuilder, Event};
pub use cache_aside::{AsideStats, CacheAside};
pub use ext::PatternExt;
pub use fresh::{Budget, Fresh, FreshStats, Freshness};
pub use loads::LoadStats;
pub use namespaced::{InNamespace, Namespace, Namespaced, Prefix, SharedKey};
pub use read_through::ReadThrough;
pub use resilience::{
    Breaker, Bulkhead, BulkheadStats, Circuit, CircuitState, CircuitStats, FaultyCall, Guard, Guarded, Hedge,
    HedgeStats, Hedged, Optional, OptionalStats, Retried, Retry, RetryStats, TimeLimit,
};
pub use runtime::TokioEnv;
pub use source::{Answer, Source};
pub use tags::{Stamp, Stamped, Stamping, Tag, Tagged, Tags};
pub use tiered::{LevelStats, TierStats, Tiered};
pub use write_around::WriteAround;
pub use write_behind::{Batch, Full, WriteBehind, WriteStats};
pub use write_through::WriteThrough;
