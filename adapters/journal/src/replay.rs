//! What a folder of segments still holds: `Replay`, made by reading all of them once.

use std::collections::BTreeMap;

use larder_core::{Error, ErrorKind, Result};

use crate::disk::{Disk, DiskFile};
use crate::frame::{Kind, listed};
use crate::header::{self, Found, Title};
use crate::refused::Refused;
use crate::scan::Scan;

/// Where a record lies: in which segment, from where on, and how long its frame is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) segment: u64,
    pub(crate) offset: u64,
    pub(crate) length: usize,
}

/// What is known of a segment.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) title: Title,
    pub(crate) length: u64,
    /// How many of its records are not settled, and how long their frames are together.
    pub(crate) live: usize,
    pub(crate) live_length: u64,
}

/// The records that are not settled, the segments they lie in, and how much is damaged.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    pub(crate) live: BTreeMap<u64, Place>,
    pub(crate) segments: BTreeMap<u64, Segment>,
    pub(crate) damaged: u64,
}

impl Replay {
    /// Reads all segments; changes nothing. With `sync`, what is read is durable, even if who wrote it died before it was.
    pub(crate) fn read<D: Disk>(disk: &D, sync: bool) -> Result<Self> {
        let mut replay = Self::default();
        for title in titles(disk)? {
            let gap = replay.segments.last_key_value().map(|(last, _)| title.number != last + 1);
            replay.damaged += u64::from(gap.unwrap_or(false));
            let mut file = disk.open(&title.name()).map_err(unreadable)?;
            if sync {
                file.sync().map_err(unreadable)?;
            }
            replay.segment(&mut file, title)?;
        }
        if sync {
            disk.sync_names().map_err(unreadable)?;
        }
        Ok(replay)
    }

    /// A record is there, in place of one with its sequence.
    pub(crate) fn keep(&mut self, sequence: u64, place: Place) {
        self.forget(sequence);
        if let Some(segment) = self.segments.get_mut(&place.segment) {
            segment.live += 1;
            segment.live_length += place.length as u64;
            self.live.insert(sequence, place);
        }
    }

    /// A record is settled.
    pub(crate) fn forget(&mut self, sequence: u64) {
        let Some(place) = self.live.remove(&sequence) else { return };
        if let Some(segment) = self.segments.get_mut(&place.segment) {
            segment.live -= 1;
            segment.live_length -= place.length as u64;
        }
    }

    fn segment<F: DiskFile>(&mut self, file: &mut F, title: Title) -> Result<()> {
        let mut first = [0; header::LENGTH as usize];
        let filled = file.read_at(0, &mut first).map_err(unreadable)?;
        let found = title.check(&first[..filled]).map_err(Error::from)?;
        self.damaged += u64::from(found != Found::Whole);
        self.segments.insert(title.number, Segment { title, length: 0, live: 0, live_length: 0 });
        let mut scan = Scan::new(file, title.salt, header::LENGTH);
        let mut frames = 0;
        while let Some((offset, head, payload)) = scan.next().map_err(unreadable)? {
            frames += 1;
            match head.kind {
                Kind::Record => {
                    let place = Place { segment: title.number, offset, length: head.frame_length() };
                    self.keep(head.sequence, place);
                }
                Kind::Settled => listed(payload).for_each(|sequence| self.forget(sequence)),
            }
        }
        if found == Found::Unknown && frames == 0 {
            return Err(Refused::Foreign.into());
        }
        self.damaged += scan.damaged;
        if let Some(segment) = self.segments.get_mut(&title.number) {
            segment.length = scan.end();
        }
        Ok(())
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::new(ErrorKind::Invalid, "opening a journal").because(refused)
    }
}

/// The segments there are, in their order.
fn titles<D: Disk>(disk: &D) -> Result<Vec<Title>> {
    let names = disk.names().map_err(unreadable)?;
    let mut titles = Vec::new();
    for name in names {
        titles.extend(Title::of_name(&name).map_err(Error::from)?);
    }
    titles.sort_unstable_by_key(|title| title.number);
    if titles.windows(2).any(|pair| pair[0].number == pair[1].number) {
        return Err(Refused::Foreign.into());
    }
    Ok(titles)
}

fn unreadable(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Store, "reading a journal").because(error)
}
