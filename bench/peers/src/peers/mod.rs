//! The contestants: ours, the rivals, and the maps that show what is possible without eviction and expiry.

pub mod limits;
pub mod locked;
pub mod others;
pub mod ours;
pub mod quick;
