//! Resilience: what becomes of a call when the store is slow, away, or asked too much. Each a store around a store.

mod breaker;
mod bucket;
mod bulkhead;
mod circuit;
mod counter;
mod fault;
mod guarded;
mod hedge;
mod hedged;
mod latencies;
mod optional;
mod retry;
mod time_limit;
mod window;

pub use breaker::Breaker;
pub use bulkhead::{Bulkhead, BulkheadStats};
pub use circuit::{Circuit, CircuitState, CircuitStats};
pub use guarded::{Guard, Guarded};
pub use hedge::Hedge;
pub use hedged::{HedgeStats, Hedged};
pub use optional::{FaultyCall, Optional, OptionalStats};
pub use retry::{Retried, Retry, RetryStats};
pub use time_limit::TimeLimit;
