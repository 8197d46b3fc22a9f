//! A disk in memory that fails when told to, and forgets what was not made durable when its power is cut: `Faulty`.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use larder_core::Random;

use crate::disk::{Disk, DiskFile};

/// A handle of the disk; its clones are the same disk.
#[derive(Clone)]
pub(crate) struct Faulty(Arc<Mutex<World>>);

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// The operation isn't done, or a write is done in part.
    Fails,
    /// From this operation on there is no power.
    PowerCut,
}

struct World {
    random: Random,
    files: BTreeMap<u64, Content>,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    /// What the names were after each change that is not durable yet.
    name_changes: Vec<BTreeMap<String, u64>>,
    next_file: u64,
    fault: Option<(u64, Fault)>,
    operations: u64,
    is_dead: bool,
    has_lied: bool,
    room: usize,
}

#[derive(Clone, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

/// Power fails between writes of this many bytes.
const SECTOR: usize = 32;

impl Faulty {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(World {
            random: Random::seeded(seed),
            files: BTreeMap::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            name_changes: Vec::new(),
            next_file: 0,
            fault: None,
            operations: 0,
            is_dead: false,
            has_lied: false,
            room: usize::MAX,
        })))
    }

    /// `fault` happens after so many more operations.
    pub(crate) fn fail_after(&self, operations: u64, fault: Fault) {
        let mut world = self.lock();
        world.fault = Some((world.operations + operations, fault));
    }

    /// How much all files may have together.
    pub(crate) fn set_room(&self, room: usize) {
        self.lock().room = room;
    }

    pub(crate) fn used(&self) -> usize {
        self.lock().used()
    }

    /// Whether the power is gone.
    pub(crate) fn is_dead(&self) -> bool {
        self.lock().is_dead
    }

    /// Whether files read as something else than the disk has, because it failed to take it.
    pub(crate) fn has_lied(&self) -> bool {
        self.lock().has_lied
    }

    /// What was going to fail doesn't any more.
    pub(crate) fn heal(&self) {
        self.lock().fault = None;
    }

    /// The power is gone and comes back: of what was not durable any part is there.
    pub(crate) fn power_cycle(&self) {
        let mut guard = self.lock();
        let world = &mut *guard;
        (world.is_dead, world.has_lied, world.fault) = (false, false, None);
        for content in world.files.values_mut() {
            for change in std::mem::take(&mut content.pending) {
                change.survive(&mut content.durable, &world.random);
            }
            content.now = content.durable.clone();
        }
        let changes = std::mem::take(&mut world.name_changes);
        let survived = below(&world.random, changes.len() + 1);
        if let Some(names) = survived.checked_sub(1).and_then(|last| changes.get(last)) {
            world.durable_names.clone_from(names);
        }
        world.names = world.durable_names.clone();
    }

    /// All files as they are now.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let world = self.lock();
        let content =
            |file: &u64| world.files.get(file).map(|content| content.now.clone()).unwrap_or_default();
        world.names.iter().map(|(name, file)| (name.clone(), content(file))).collect()
    }

    /// A disk with these files.
    pub(crate) fn with(files: &BTreeMap<String, Vec<u8>>) -> Self {
        let disk = Self::new(0);
        let mut world = disk.lock();
        for (number, (name, bytes)) in files.iter().enumerate() {
            let content = Content { now: bytes.clone(), durable: bytes.clone(), pending: Vec::new() };
            world.files.insert(number as u64, content);
            world.names.insert(name.clone(), number as u64);
        }
        world.durable_names = world.names.clone();
        world.next_file = files.len() as u64;
        drop(world);
        disk
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self) -> io::Result<MutexGuard<'_, World>> {
        let mut world = self.lock();
        world.step()?;
        Ok(world)
    }

    fn rename_all(&self, change: impl FnOnce(&mut World)) -> io::Result<()> {
        let mut world = self.step()?;
        change(&mut world);
        let names = world.names.clone();
        world.name_changes.push(names);
        Ok(())
    }
}

impl World {
    fn step(&mut self) -> io::Result<()> {
        self.operations += 1;
        if let Some((_, fault)) = self.fault.take_if(|(at, _)| *at < self.operations) {
            self.is_dead |= matches!(fault, Fault::PowerCut);
            return Err(io::Error::other("injected"));
        }
        if self.is_dead { Err(io::Error::other("no power")) } else { Ok(()) }
    }

    fn used(&self) -> usize {
        self.names.values().filter_map(|file| self.files.get(file)).map(|content| content.now.len()).sum()
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Length(length) => bytes.truncate(*length as usize),
            Self::Write(offset, written) => {
                let end = *offset as usize + written.len();
                bytes.resize(bytes.len().max(end), 0);
                bytes[*offset as usize..end].copy_from_slice(written);
            }
        }
    }

    /// Applies any part, sector by sector.
    fn survive(&self, bytes: &mut Vec<u8>, random: &Random) {
        match self {
            Self::Length(_) if random.next().is_multiple_of(2) => self.apply(bytes),
            Self::Length(_) => {}
            Self::Write(offset, written) => {
                let all = random.next().is_multiple_of(3);
                for (number, sector) in written.chunks(SECTOR).enumerate() {
                    if all || random.next().is_multiple_of(2) {
                        Self::Write(offset + (number * SECTOR) as u64, sector.to_vec()).apply(bytes);
                    }
                }
            }
        }
    }
}

impl Disk for Faulty {
    type File = FaultyFile;

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.step()?.names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<FaultyFile> {
        let mut file = 0;
        self.rename_all(|world| {
            file = world.next_file;
            world.next_file += 1;
            world.files.insert(file, Content::default());
            world.names.insert(name.to_owned(), file);
        })?;
        Ok(FaultyFile { disk: self.clone(), file })
    }

    fn open(&self, name: &str) -> io::Result<FaultyFile> {
        let file = self.step()?.names.get(name).copied().ok_or(ErrorKind::NotFound)?;
        Ok(FaultyFile { disk: self.clone(), file })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.rename_all(|world| {
            let file = world.names.remove(from);
            world.names.extend(file.map(|file| (to.to_owned(), file)));
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.rename_all(|world| {
            world.names.remove(name);
        })
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut world = self.step()?;
        world.durable_names = world.names.clone();
        world.name_changes.clear();
        Ok(())
    }
}

/// A file of the disk.
pub(crate) struct FaultyFile {
    disk: Faulty,
    file: u64,
}

impl FaultyFile {
    fn change(world: &mut World, file: u64, change: Change) {
        if let Some(content) = world.files.get_mut(&file) {
            change.apply(&mut content.now);
            content.pending.push(change);
        }
    }
}

impl DiskFile for FaultyFile {
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let world = self.disk.step()?;
        let bytes = world.files.get(&self.file).map(|content| content.now.as_slice()).unwrap_or_default();
        let from = bytes.get(offset as usize..).unwrap_or_default();
        let filled = from.len().min(buffer.len());
        buffer[..filled].copy_from_slice(&from[..filled]);
        Ok(filled)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut world = self.disk.lock();
        let room = world.room.saturating_sub(world.used());
        let stepped = world.step();
        let written = match &stepped {
            Err(_) => below(&world.random, bytes.len() + 1),
            Ok(()) => bytes.len().min(room),
        };
        Self::change(&mut world, self.file, Change::Write(offset, bytes[..written].to_vec()));
        stepped?;
        if written < bytes.len() { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        Self::change(&mut *self.disk.step()?, self.file, Change::Length(length));
        Ok(())
    }

    /// One that fails forgets what it should have written, as operating systems do.
    fn sync(&mut self) -> io::Result<()> {
        let mut guard = self.disk.lock();
        let world = &mut *guard;
        let stepped = world.step();
        let Some(content) = world.files.get_mut(&self.file) else { return stepped };
        let is_dead = world.is_dead;
        if stepped.is_ok() {
            std::mem::take(&mut content.pending).iter().for_each(|change| change.apply(&mut content.durable));
        } else if !is_dead {
            world.has_lied = true;
            for change in std::mem::take(&mut content.pending) {
                change.survive(&mut content.durable, &world.random);
            }
        }
        stepped
    }
}

fn below(random: &Random, bound: usize) -> usize {
    (random.next() % bound.max(1) as u64) as usize
}
