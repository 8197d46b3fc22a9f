//! Choose a policy by evidence: [`record`] writes down requests, [`trace`] reads them, [`generate`] makes them up, and
//! [`simulator`] replays them.
//!
//! The `larder` command is made of these parts; `docs/guide/lab.md` shows it.

#![forbid(unsafe_code)]

mod ahead;
pub mod analysis;
pub mod bars;
mod batch;
pub mod belady;
pub mod capacity;
pub mod chart;
pub mod chunk;
pub mod clocked;
pub mod contender;
pub mod counsel;
pub mod curve;
mod deadlines;
pub mod generate;
pub mod lives;
mod numbering;
pub mod profile;
pub mod record;
pub mod replay;
pub mod sharded;
pub mod shards;
pub mod simulator;
pub mod stack;
pub mod tally;
pub mod trace;
pub mod verdict;
pub mod workload;
