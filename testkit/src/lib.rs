//! Certify your own parts: suites that check a contract rule by rule, and parts that count, wait and fail when told.
//!
//! | for | there is |
//! |---|---|
//! | a [`Store`](larder_core::Store) | [`store::conforms`] |
//! | an [`EvictionPolicy`](larder_core::EvictionPolicy) | [`policy`] |
//! | a [`Codec`](larder_core::Codec) | [`codec::conforms`], [`codec::parcels`], [`codec::round_trips`], [`codec::fuzz`] |
//! | a [`Journal`](larder_core::Journal) | [`journal::conforms`], [`journal::refuses_a_second`] |
//! | a store's faults | [`Faulty`], scripted by [`Op`], key and call |
//! | a loader or writer | [`CountingLoader`], [`CountingWriter`], [`Gate`], [`WriteGate`], [`MapOrigin`] |
//! | a far tier | [`MapStore`] |
//! | a server behind TCP | [`Wire`] |
//! | a caller under way | [`Task`] |
//! | a whole tower of stores | [`simulation`] |
//! | time, tasks, randomness | [`Manual`], [`Env`], [`Random`] |
//!
//! Nothing here sleeps or draws a number that a seed doesn't give. Suites panic with a sentence that names the broken
//! rule: they are for tests.

#![forbid(unsafe_code)]

pub mod codec;
mod counting;
mod damage;
mod faults;
mod gate;
pub mod journal;
mod latch;
mod map_store;
mod origin;
pub mod policy;
pub mod simulation;
pub mod store;
mod task;
mod wire;

pub use counting::{CountingLoader, CountingWriter, Counts};
pub use faults::{Fault, Faults, Faulty, Op, Rule};
pub use gate::{Call, Gate, LoadCall, WriteCall, WriteGate};
pub use larder_core::{Clock, Env, Manual, Random, Ticker};
pub use map_store::MapStore;
pub use origin::MapOrigin;
pub use task::Task;
pub use wire::{Flow, Line, Wire};
