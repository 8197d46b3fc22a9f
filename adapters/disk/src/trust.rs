//! Whether the rows of an earlier run may be believed: a file that says who left them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What the file begins with: how the rows are written. Rows of another version are not believed.
const VERSION: &str = "larder-disk 2 ";

/// What follows after a run that ended by closing the store: everything has reached the disk.
const CLOSED: &str = "closed";

/// The file beside the rows. It holds the number of the machine's start while a store is open.
///
/// A program that was killed leaves the number of a start that goes on: what it handed to the system is still there.
/// Another number means that the machine went down meanwhile, and that the last removals may be undone.
pub(crate) struct Trust {
    path: PathBuf,
}

impl Trust {
    pub(crate) fn of(folder: &Path) -> Self {
        Self { path: folder.join("trust") }
    }

    /// Whether the rows are all that was acknowledged, and nothing that was removed.
    pub(crate) fn is_given(&self) -> bool {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let left = text.strip_prefix(VERSION).unwrap_or_default();
        left == CLOSED || (!left.is_empty() && Some(left) == this_start().as_deref())
    }

    /// Makes the folder a store's, if it isn't yet. Whether it is; not if there are `rows` that nobody has claimed: somebody
    /// else's, whom a store that begins anew would rob.
    pub(crate) fn claim(&self, rows: &Path) -> io::Result<bool> {
        if self.path.exists() {
            return Ok(true);
        }
        let is_free = match fs::read_dir(rows) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => false,
            Err(error) => return Err(error),
        };
        if is_free {
            self.revoke()?;
        }
        Ok(is_free)
    }

    /// From now on the rows may lack what is not yet on the disk.
    pub(crate) fn open(&self) -> io::Result<()> {
        // Where starts have no numbers, only a closed store is believed.
        self.write(this_start().as_deref().unwrap_or_default())
    }

    /// All rows are on the disk.
    pub(crate) fn close(&self) -> io::Result<()> {
        self.write(CLOSED)
    }

    /// The rows must not be believed. Works on a full disk.
    pub(crate) fn revoke(&self) -> io::Result<()> {
        File::create(&self.path).map(drop)
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let mut file = File::create(&self.path)?;
        file.write_all(VERSION.as_bytes())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }
}

/// What tells this start of the machine from any other.
fn this_start() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}
