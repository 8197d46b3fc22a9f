//! Write-behind: a write is acknowledged once it is queued, and reaches the origin in batches.

mod batch;
mod behind;
mod durable;
mod flusher;
mod pending;
mod slot;
mod stats;
mod store;
mod table;

pub use batch::{Batch, Full};
pub use behind::WriteBehind;
pub use stats::WriteStats;
