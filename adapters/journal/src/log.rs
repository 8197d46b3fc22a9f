//! The journal itself, blocking: `Log` appends to the newest segment, and deletes the oldest once it is settled.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::io;

use larder_core::{Record, Recovered, Result};

use crate::disk::{Disk, DiskFile};
use crate::frame::{self, HEAD, Head, Kind, TAIL};
use crate::header::{self, Title};
use crate::options::{Fsync, Options};
use crate::replay::{Place, Replay, Segment};

/// What a segment is called until it is one.
const UNBORN: &str = "next";
/// If more settlements than this would be repeated, they are made durable first.
const REPEATED: usize = 256;

/// The segments of a journal.
///
/// Deleting and copying keep one rule: nothing leaves the disk before all that makes it needless is durable.
pub(crate) struct Log<D: Disk> {
    disk: D,
    /// Whether anything is to outlive the machine.
    durable: bool,
    segment_length: u64,
    kept: Replay,
    active: Option<Active<D::File>>,
    /// Settled by the last frame that says so, or since the last time that such frames were made durable. Each such
    /// frame repeats them, so that of two settlements never only the older one is lost: its record would come back
    /// over that of the newer.
    settled: BTreeSet<u64>,
    /// The segment with the last such frame, if that is not durable yet.
    unsure: Option<u64>,
}

/// The segment that is written to.
struct Active<F> {
    title: Title,
    file: F,
    length: u64,
}

impl<D: Disk> Log<D> {
    /// Reads what is there; changes nothing.
    pub(crate) fn open(disk: D, options: Options) -> Result<Self> {
        let durable = options.fsync != Fsync::Never;
        let kept = Replay::read(&disk, durable)?;
        let segment_length = options.segment_length.max(header::LENGTH + 1);
        Ok(Self { disk, durable, segment_length, kept, active: None, settled: BTreeSet::new(), unsure: None })
    }

    /// Appends all `records`. After an error any part may come back.
    pub(crate) fn append(&mut self, records: &[Record]) -> io::Result<()> {
        let frames = records.iter().map(|record| (Kind::Record, record.sequence, record.bytes.as_slice()));
        let places = self.write(frames)?;
        if self.durable {
            self.sync()?;
        }
        for (record, place) in records.iter().zip(places) {
            self.settled.remove(&record.sequence);
            self.kept.keep(record.sequence, place);
        }
        Ok(())
    }

    /// Notes that `sequences` are settled. After an error nothing is known to be.
    pub(crate) fn settle(&mut self, sequences: &[u64]) -> io::Result<()> {
        if self.settled.len() > REPEATED {
            self.settle_durably()?;
        }
        self.write_settled(sequences)?;
        sequences.iter().for_each(|sequence| self.kept.forget(*sequence));
        // That they are settled doesn't hang on this; if it fails, it is tried again with the next.
        let _ = self.drop_settled();
        Ok(())
    }

    /// All records that are not settled.
    pub(crate) fn recover(&self) -> io::Result<Recovered> {
        let mut recovered = Recovered { records: Vec::new(), damaged: self.kept.damaged };
        let mut open: Option<(u64, D::File)> = None;
        for (sequence, place) in &self.kept.live {
            let Some(segment) = self.kept.segments.get(&place.segment) else { continue };
            if open.as_ref().is_none_or(|(number, _)| *number != place.segment) {
                open = Some((place.segment, self.disk.open(&segment.title.name())?));
            }
            let Some((_, file)) = &mut open else { continue };
            match read(file, segment.title.salt, *place)? {
                Some(bytes) => recovered.records.push(Record { sequence: *sequence, bytes }),
                None => recovered.damaged += 1,
            }
        }
        Ok(recovered)
    }

    /// Makes everything durable.
    pub(crate) fn close(&mut self) -> io::Result<()> {
        self.sync()
    }

    fn sync(&mut self) -> io::Result<()> {
        let Some(active) = &mut self.active else { return Ok(()) };
        match active.file.sync() {
            Ok(()) => self.unsure = self.unsure.filter(|segment| *segment != active.title.number),
            // Nobody knows what is on the disk now, and asking again may answer falsely. It isn't written to any more.
            Err(error) => {
                self.active = None;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Makes durable what is settled, even if the segment was given up in which it was noted first.
    fn settle_durably(&mut self) -> io::Result<()> {
        let active = self.active.as_ref().map(|active| active.title.number);
        match self.unsure {
            None => return Ok(()),
            Some(segment) if Some(segment) == active => {}
            Some(_) => self.write_settled(&[])?,
        }
        self.sync()
    }

    /// Writes down that these are settled, with what must be repeated.
    fn write_settled(&mut self, sequences: &[u64]) -> io::Result<()> {
        let payload = frame::list(sequences.iter().chain(&self.settled).copied());
        let places = self.write(std::iter::once((Kind::Settled, 0, payload.as_slice())))?;
        if self.unsure.is_none() {
            self.settled.clear();
        }
        self.settled.extend(sequences);
        if self.durable {
            self.unsure = places.first().map(|place| place.segment);
        }
        Ok(())
    }

    /// Writes frames behind each other; all of them or, if that can be arranged, none.
    fn write<'a>(&mut self, frames: impl Iterator<Item = (Kind, u64, &'a [u8])>) -> io::Result<Vec<Place>> {
        if self.active.as_ref().is_none_or(|active| active.length >= self.segment_length) {
            self.rotate()?;
        }
        let Some(active) = &mut self.active else { return Err(io::ErrorKind::NotFound.into()) };
        let (mut buffer, mut places) = (Vec::new(), Vec::new());
        for (kind, sequence, payload) in frames {
            let offset = active.length + buffer.len() as u64;
            frame::push(&mut buffer, active.title.salt, offset, kind, sequence, payload);
            let length = HEAD + payload.len() + TAIL;
            places.push(Place { segment: active.title.number, offset, length });
        }
        if let Err(error) = active.file.write_at(active.length, &buffer) {
            if active.file.truncate(active.length).is_err() {
                self.active = None;
            }
            return Err(error);
        }
        active.length += buffer.len() as u64;
        if let Some(segment) = self.kept.segments.get_mut(&active.title.number) {
            segment.length = active.length;
        }
        Ok(places)
    }

    /// Begins a new segment. The one before is durable then, so that nothing is lost before it that isn't lost in it.
    fn rotate(&mut self) -> io::Result<()> {
        self.sync()?;
        let number = self.kept.segments.last_key_value().map_or(Some(1), |(last, _)| last.checked_add(1));
        let number = number.ok_or(io::ErrorKind::InvalidData)?;
        let title = Title { number, salt: RandomState::new().hash_one(number) };
        let mut file = self.disk.create(UNBORN)?;
        file.write_at(0, &title.header())?;
        file.sync()?;
        self.disk.rename(UNBORN, &title.name())?;
        let segment = Segment { title, length: header::LENGTH, live: 0, live_length: 0 };
        self.kept.segments.insert(number, segment);
        self.disk.sync_names()?;
        self.active = Some(Active { title, file, length: header::LENGTH });
        // Room is won back now, or with the next segment.
        let _ = self.drop_settled().and_then(|()| self.compact());
        Ok(())
    }

    /// Deletes segments in which nothing is left, from the oldest on: what settles a record is never older than it.
    fn drop_settled(&mut self) -> io::Result<()> {
        while let Some((number, segment)) = self.kept.segments.first_key_value()
            && segment.live == 0
            && self.active.as_ref().is_some_and(|active| active.title.number != *number)
        {
            let (number, name) = (*number, segment.title.name());
            self.settle_durably()?;
            match self.disk.remove(&name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => self.disk.sync_names()?,
            }
            self.kept.segments.remove(&number);
        }
        Ok(())
    }

    /// Copies what is left of old segments to the newest, as long as more than half of all is settled.
    fn compact(&mut self) -> io::Result<()> {
        for _ in 0..self.kept.segments.len() {
            let total: u64 = self.kept.segments.values().map(|segment| segment.length).sum();
            let live: u64 = self.kept.segments.values().map(|segment| segment.live_length).sum();
            let oldest = self.kept.segments.first_key_value().map(|(number, _)| *number);
            let active = self.active.as_ref().map(|active| active.title.number);
            let Some(oldest) = oldest.filter(|oldest| active.is_some_and(|active| active != *oldest)) else {
                return Ok(());
            };
            if total <= live.saturating_add(self.segment_length).saturating_mul(2) || !self.renew(oldest)? {
                return Ok(());
            }
            self.drop_settled()?;
        }
        Ok(())
    }

    /// Copies what is left of a segment to the newest; `false` if something of it can't be read any more.
    fn renew(&mut self, oldest: u64) -> io::Result<bool> {
        let Some(segment) = self.kept.segments.get(&oldest) else { return Ok(false) };
        let mut file = self.disk.open(&segment.title.name())?;
        let mut records = Vec::with_capacity(segment.live);
        for (sequence, place) in self.kept.live.iter().filter(|(_, place)| place.segment == oldest) {
            let Some(bytes) = read(&mut file, segment.title.salt, *place)? else { return Ok(false) };
            records.push(Record { sequence: *sequence, bytes });
        }
        self.append_here(&records)?;
        Ok(true)
    }

    /// Appends to the newest segment, however long it is, and durably: the older copy is going to be deleted.
    fn append_here(&mut self, records: &[Record]) -> io::Result<()> {
        let limit = std::mem::replace(&mut self.segment_length, u64::MAX);
        let appended = self.append(records).and_then(|()| self.sync());
        self.segment_length = limit;
        appended
    }
}

/// A record again, if it is still whole.
fn read<F: DiskFile>(file: &mut F, salt: u64, place: Place) -> io::Result<Option<Vec<u8>>> {
    let mut frame = vec![0; place.length];
    let filled = file.read_at(place.offset, &mut frame)?;
    let head = Head::read(&frame[..filled], salt, place.offset);
    Ok(head.and_then(|head| head.payload(&frame[..filled]).map(<[u8]>::to_vec)))
}
