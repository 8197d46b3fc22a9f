//! Requests to try caches with: [`trace`] reads recorded ones, [`generate`] makes synthetic ones.

pub mod generate;
pub mod trace;
