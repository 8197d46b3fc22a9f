//! One file, one paper: eviction policies over numbered slots, and the table from which everything else knows them.
//!
//! [`POLICIES`] has a row for each; [`find`] knows them by name. Not sure? Take [`WTinyLfu`]: it adapts to recency and
//! to frequency, and no scan or loop ruins it.
//!
//! | policy | a hit | remembers who left |
//! |---|---|---|
//! | [`Fifo`], [`Random`] | costs nothing | no |
//! | [`Clock`], [`Sieve`] | leaves a mark | no |
//! | [`S3Fifo`], [`QdLpFifo`], [`QdClock`], [`Car`], [`ClockPro`] | leaves a mark | by ghosts |
//! | [`Lru`], [`Mru`], [`Slru`], [`Lfu`], [`LfuDa`], [`Gdsf`] | moves the entry | no |
//! | [`TwoQ`], [`Arc`], [`Lirs`] | moves the entry | by ghosts |
//! | [`LruK`] | notes the time | by ghosts |
//! | [`LeCaR`], [`Cacheus`] | moves the entry for two experts | by ghosts, to learn whom to trust |
//! | [`Lhd`], [`Hyperbolic`] | notes the time or counts it | no |
//! | [`WTinyLfu`] | moves the entry, counts it | by the sketch |
//!
//! # A policy of your own
//!
//! It is plain single-threaded code over slot numbers; how hits reach it is its first answer. This one takes the
//! entry that came *last*, unless it was hit since:
//!
//! ```
//! use larder_core::{EvictionPolicy, Hits, Marks, Slot};
//!
//! #[derive(Debug, Default)]
//! struct Lifo(Vec<Slot>);
//!
//! impl EvictionPolicy for Lifo {
//!     fn hits(&self) -> Hits {
//!         Hits::Marked { max: 1 }
//!     }
//!     fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
//!         self.0.push(slot);
//!     }
//!     fn on_update(&mut self, _slot: Slot, _weight: u32) {}
//!     fn on_remove(&mut self, slot: Slot) {
//!         self.0.retain(|&other| other != slot); // O(n): fine to try an idea with
//!     }
//!     fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
//!         let (_newcomer, old) = self.0.split_last()?;
//!         let place = old.iter().rposition(|&slot| marks.take(slot) == 0).unwrap_or(0);
//!         Some(self.0.remove(place))
//!     }
//! }
//!
//! larder_testkit::policy::conforms(|_capacity| Lifo::default()); // and now any cache can use it
//! ```
//!
//! Three things to know:
//!
//! - `on_insert` comes *before* the `evict` that makes room. A policy whose paper evicts first must not choose the
//!   newcomer by mistake: set it aside until the next call that is not `evict`, as [`Lfu`] and [`Sieve`] do.
//! - Slots are small and dense: keep state in a `Vec` indexed by slot, and lists as links between slots.
//! - To add one to this crate, write its file, add its row to [`POLICIES`] and its model to `tests/models.rs`.

#![forbid(unsafe_code)]

mod arc;
mod buckets;
mod cacheus;
mod car;
mod climber;
mod clock;
mod clock_pro;
mod fifo;
mod gdsf;
mod ghosts;
mod heap;
mod hit_density;
mod hyperbolic;
mod index;
mod learning_rate;
mod lecar;
mod lfu;
mod lfuda;
mod lhd;
mod lirs;
mod lirs_stack;
mod lists;
mod lru;
mod lru_k;
mod mru;
mod pool;
mod prints;
mod qd_clock;
mod qd_lp_fifo;
mod queues;
mod random;
mod rng;
mod s3_fifo;
mod sieve;
mod sketch;
mod slru;
mod sr_lru;
mod table;
mod test_periods;
mod two_q;
mod w_tiny_lfu;

pub use arc::Arc;
pub use cacheus::Cacheus;
pub use car::Car;
pub use clock::Clock;
pub use clock_pro::ClockPro;
pub use fifo::Fifo;
pub use gdsf::Gdsf;
pub use hyperbolic::Hyperbolic;
pub use lecar::LeCaR;
pub use lfu::Lfu;
pub use lfuda::LfuDa;
pub use lhd::Lhd;
pub use lirs::Lirs;
pub use lru::Lru;
pub use lru_k::LruK;
pub use mru::Mru;
pub use qd_clock::QdClock;
pub use qd_lp_fifo::QdLpFifo;
pub use random::Random;
pub use s3_fifo::S3Fifo;
pub use sieve::Sieve;
pub use slru::Slru;
pub use table::{POLICIES, Paper, Policy, find};
pub use two_q::TwoQ;
pub use w_tiny_lfu::WTinyLfu;
