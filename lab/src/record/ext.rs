//! Recording as a method on every store.

use std::path::Path;

use larder_core::{Result, Store};

use super::options::RecordOptions;
use super::recorded::Recorded;

/// Lets every store record its look-ups.
pub trait RecordExt: Store + Sized {
    /// Records all look-ups to a trace at `path`, with hashed keys and without sizes. Put it where the look-ups are that
    /// you would like to simulate: around the store whose policy and size are in question, inside of what loads.
    fn record(self, path: impl AsRef<Path>) -> Result<Recorded<Self>> {
        self.record_with(path, RecordOptions::new())
    }

    /// The same as `options` say.
    fn record_with(
        self,
        path: impl AsRef<Path>,
        options: RecordOptions<Self::Key, Self::Value>,
    ) -> Result<Recorded<Self>> {
        Recorded::new(self, path, options)
    }
}

impl<S: Store> RecordExt for S {}
