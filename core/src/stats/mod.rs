//! What a cache has done so far, and at what rate.

mod counts;
mod window;

pub use counts::{Cause, Stats};
pub use window::{Rates, Window};
