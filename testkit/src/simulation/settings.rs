//! How much happens in a run, and what the tower promises.

/// How the clients write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Writes {
    /// They change the origin behind the tower's back, then insert the new value or remove the key until that is acknowledged: for
    /// towers that read the origin and don't write it. The writes of one key are made one at a time, as the application's
    /// own lock would have it.
    #[default]
    Behind,
    /// They insert and remove, and the tower writes the origin: write-through, write-around, write-behind. A write that fails
    /// is tried again, or given up.
    Through,
}

/// The settings of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) seed: u64,
    pub(super) clients: u64,
    pub(super) operations: u64,
    pub(super) keys: u64,
    pub(super) percent: u8,
    pub(super) writes: Writes,
    pub(super) keeps_misses: bool,
    pub(super) one_flight: bool,
    pub(super) judges_installs: bool,
}

impl Settings {
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            seed,
            clients: 3,
            operations: 12,
            keys: 3,
            percent: 50,
            writes: Writes::Behind,
            keeps_misses: false,
            one_flight: true,
            judges_installs: true,
        }
    }
}
