//! A tier that may fail: its faults become misses, are reported, and leave nothing old behind.

mod distrust;
mod far;
mod reports;
mod store;
mod wrapper;

pub use reports::{FaultyCall, OptionalStats};
pub use wrapper::Optional;
