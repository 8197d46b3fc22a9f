//! What the benchmarks share: requests, contestants that take turns, medians over rounds.
//!
//! The binary of this package measures our parts against each other; `peers`, a workspace of its own, measures the whole
//! beside other caches.

#![forbid(unsafe_code)]

pub mod contestant;
pub mod polled;
pub mod timing;
pub mod workload;
