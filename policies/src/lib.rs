//! One file, one paper: eviction policies over numbered slots, and the table from which everything else knows them.

mod climber;
mod clock;
mod fifo;
mod ghosts;
mod lfu;
mod lists;
mod lru;
mod queues;
mod random;
mod rng;
mod s3_fifo;
mod sieve;
mod sketch;
mod table;
mod w_tiny_lfu;

pub use clock::Clock;
pub use fifo::Fifo;
pub use lfu::Lfu;
pub use lru::Lru;
pub use random::Random;
pub use s3_fifo::S3Fifo;
pub use sieve::Sieve;
pub use table::{POLICIES, Paper, Policy, find};
pub use w_tiny_lfu::WTinyLfu;
