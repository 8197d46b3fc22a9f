//! How a journal behaves: `Options`, and when it waits for the disk, `Fsync`.

/// What an append waits for. All of them outlive the end of the process, however it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fsync {
    /// Its own `fsync`: outlives the end of the machine. One append after the other.
    Each,
    /// An `fsync` that it shares with all that were waiting when it began: outlives the end of the machine.
    #[default]
    Group,
    /// The operating system, not the disk: when the machine loses power, any of the last appends and settlements may be
    /// lost, and not only from the end.
    Never,
}

/// How a journal behaves.
///
/// ```
/// use larder_journal::{Fsync, Options};
///
/// let options = Options::new().fsync(Fsync::Each).segment_length(1 << 20);
/// # assert_ne!(options, Options::new());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    pub(crate) fsync: Fsync,
    pub(crate) segment_length: u64,
}

impl Options {
    /// [`Fsync::Group`], and segments of 64 MiB.
    pub const fn new() -> Self {
        Self { fsync: Fsync::Group, segment_length: 64 << 20 }
    }

    /// What an append waits for.
    pub const fn fsync(mut self, fsync: Fsync) -> Self {
        self.fsync = fsync;
        self
    }

    /// Once a file is as long as this, the next is begun. A file is deleted when all in it, and in those before it, is
    /// settled; what is left alone in an old one is copied to the newest.
    pub const fn segment_length(mut self, bytes: u64) -> Self {
        self.segment_length = bytes;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
