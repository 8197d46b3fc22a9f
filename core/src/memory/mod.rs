//! The memory engine: sharded, bounded by count or weight, with any eviction policy.
//!
//! ```text
//! engine   whole   once   store      Memory: one key, all keys, one call per key, the trait
//! options          calls             its settings; the calls under way
//! shard                              what one lock guards
//! slab   wheel   writes   removals   entries by slot; by deadline; what voids a lease; what is told outside the lock
//! ```

mod calls;
mod engine;
mod once;
mod options;
mod removals;
mod shard;
mod slab;
mod store;
mod wheel;
mod whole;
mod writes;

pub use engine::Memory;
pub use options::MemoryOptions;
