//! The memory engine: sharded, bounded by count or weight, with any eviction policy.
//!
//! ```text
//! engine   batch   whole             Memory: one key, many, all
//! once   store                       one call per key; the trait
//! options          calls             its settings; the calls under way
//! shard                              a shard as threads see it: what they read without its lock, and the lock
//! guarded                            what the lock guards: who writes the entries, and the policy
//! wheel   writes   removals          slots by deadline; what voids a lease; what is told outside the lock
//! index   node                       the entries: found without a lock, changed by one writer
//! resident   idle                    what is kept of an entry's life; time-to-idle
//! readers   notes                    who is reading; hits that a policy has yet to be told of
//! stripes   fence                    one of something a thread; a fence whose cost falls on one side
//! callbacks                          code of the application that may panic
//! ```

mod batch;
mod callbacks;
mod calls;
mod engine;
mod fence;
mod guarded;
mod idle;
mod index;
mod node;
mod notes;
mod once;
mod options;
mod readers;
mod removals;
mod resident;
mod shard;
mod store;
mod stripes;
mod wheel;
mod whole;
mod writes;

pub use engine::Memory;
pub use options::MemoryOptions;
