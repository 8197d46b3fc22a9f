//! Certifies parts of a cache, one's own too: conformance suites, and parts that fail or count on purpose.

pub mod policy;
