//! Questions and answers of one store, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use larder_core::{
    Clock, Entry, Envelope, Error, ErrorKind, Filled, Lease, Life, Lookup, Parcel, Random, Result, Time,
};

use super::counts::Counts;
use super::marks::{Marks, lease, words};
use super::portions::{Item, Portion, last_of_each, portions};
use super::statements::{LAYOUT, Statements};
use crate::backend::{Backend, Rows, Statement};
use crate::{Column, Datum};

const OPENING: &str = "opening a store";
const READING: &str = "reading from a store";
const WRITING: &str = "writing to a store";
const FILLING: &str = "filling a store";
const REMOVING: &str = "removing from a store";
const CLEARING: &str = "clearing a store";
const PURGING: &str = "purging a store";

/// Where operations are done and counted.
#[derive(Debug)]
pub(super) struct Desk {
    backend: Arc<dyn Backend>,
    statements: Statements,
    marks: Marks,
    pub(super) clock: Clock,
    pub(super) counts: Counts,
    closed: AtomicBool,
}

/// A value on its way.
pub(super) struct Write {
    pub(super) envelope: Vec<u8>,
    pub(super) life: Life,
    /// How long it is usable, in microseconds; below 0 for ever.
    pub(super) micros: i64,
}

/// How often a write is tried that others come before. Of those who write one key at once one succeeds in each round.
const ROUNDS: usize = 200;

/// How exactly a database tells the time: an entry is taken to be this much older than it says.
const BLUR: Duration = Duration::from_micros(1);

impl Desk {
    /// Makes the tables if they aren't there.
    pub(super) async fn open(
        backend: Arc<dyn Backend>,
        name: &str,
        leased: Duration,
        clock: Clock,
        random: &Random,
    ) -> Result<Self> {
        let statements = Statements::new(backend.dialect(), backend.bounds(), name)?;
        let epoch = (random.next() >> 2).cast_signed();
        let writer = registered(&*backend, &statements, epoch, micros(leased)).await?;
        let (marks, counts) = (Marks::new(writer), Counts::default());
        Ok(Self { backend, statements, marks, clock, counts, closed: AtomicBool::new(false) })
    }

    /// What there is for each key, or a lease.
    pub(super) async fn look_up(&self, ids: Vec<Vec<u8>>) -> Result<Vec<Lookup<Parcel>>> {
        let rows = self.searched(&self.statements.read, ids).await?;
        let now = self.clock.now();
        let found: Vec<_> = rows.into_iter().map(|row| self.answer(row, now)).collect::<Result<_>>()?;
        let hits = found.iter().filter(|found| found.is_hit()).count();
        self.counts.hits.add(hits);
        self.counts.misses.add(found.len() - hits);
        Ok(found)
    }

    fn answer(&self, row: Vec<Datum>, now: Time) -> Result<Lookup<Parcel>> {
        let [epoch, server, version, written, envelope] = taken(row).ok_or_else(|| strange(READING))?;
        let lease = leased(&version, &server, &epoch).ok_or_else(|| strange(READING))?;
        let (Datum::Blob(envelope), Datum::Integer(server), Datum::Integer(written)) =
            (envelope, server, written)
        else {
            return Ok(Lookup::Miss(lease));
        };
        let elapsed = Duration::from_micros(u64::try_from(server.saturating_sub(written)).unwrap_or(0));
        Ok(match Envelope::read(&envelope, now, elapsed + BLUR) {
            Ok((parcel, life)) if life.is_usable(now) => Lookup::Hit(Entry::with_life(parcel, life)),
            Ok(_) => Lookup::Miss(lease),
            Err(_) => {
                self.counts.unreadable.add(1);
                Lookup::Miss(lease)
            }
        })
    }

    pub(super) async fn lease(&self, ids: Vec<Vec<u8>>) -> Result<Vec<Lease>> {
        Ok(self.looked_at(ids).await?.into_iter().map(|(lease, _)| lease).collect())
    }

    /// A lease on each, and whether it has a usable value.
    async fn looked_at(&self, ids: Vec<Vec<u8>>) -> Result<Vec<(Lease, bool)>> {
        let rows = self.searched(&self.statements.look, ids).await?;
        let each = rows.into_iter().map(|row| {
            let [epoch, server, version, usable] = taken(row)?;
            Some((leased(&version, &server, &epoch)?, usable == Datum::Integer(1)))
        });
        each.map(|found| found.ok_or_else(|| strange(READING))).collect()
    }

    /// Writes each over what is there, whatever it is. A write that is refused, because the row was written since it was
    /// looked at, is tried again; so a write that nobody waits for any more can't come after a later one.
    pub(super) async fn insert(&self, writes: Vec<Item<Write>>) -> Result<()> {
        let mut left = last_of_each(writes);
        let count = left.len();
        for _ in 0..ROUNDS {
            let leases = self.lease(left.iter().map(|item| item.id.clone()).collect()).await?;
            let puts = left.iter().zip(leases).map(|(item, lease)| Item {
                id: item.id.clone(),
                size: item.size,
                what: (item.what.envelope.clone(), item.what.micros, lease),
            });
            let mut done = self.put(WRITING, puts.collect()).await?.into_iter();
            left.retain(|_| !done.next().unwrap_or_default());
            if left.is_empty() {
                self.counts.inserts.add(count);
                return Ok(());
            }
        }
        Err(crowded(WRITING))
    }

    pub(super) async fn fill(&self, fills: Vec<Item<(Write, Lease)>>) -> Result<Vec<Filled>> {
        let lives: Vec<_> = fills.iter().map(|item| item.what.0.life).collect();
        let puts = fills.into_iter().map(|Item { id, size, what: (write, lease) }| Item {
            id,
            size,
            what: (write.envelope, write.micros, lease),
        });
        let done = self.put(FILLING, puts.collect()).await?;
        let good = done.iter().filter(|done| **done).count();
        self.counts.inserts.add(good);
        self.counts.void_fills.add(done.len() - good);
        let told = done.into_iter().zip(lives);
        Ok(told.map(|(good, life)| if good { Filled::Stored(life) } else { Filled::Void }).collect())
    }

    /// How many had a usable value.
    pub(super) async fn remove(&self, ids: Vec<Vec<u8>>) -> Result<usize> {
        let doomed = ids.into_iter().map(|id| Item { id, size: 0, what: () }).collect();
        let mut left = last_of_each(doomed);
        let mut removed = 0;
        for _ in 0..ROUNDS {
            let found = self.looked_at(left.iter().map(|item| item.id.clone()).collect()).await?;
            let (leases, usable): (Vec<_>, Vec<_>) = found.into_iter().unzip();
            let items = left.iter().zip(leases);
            let items =
                items.map(|(item, lease)| Item { id: item.id.clone(), size: 0, what: lease }).collect();
            let statement = &self.statements.remove;
            let done = self.changed(REMOVING, statement, items, |lease| words(&lease).into()).await?;
            removed += done.iter().zip(usable).filter(|(done, usable)| **done && *usable).count();
            let mut done = done.into_iter();
            left.retain(|_| !done.next().unwrap_or_default());
            if left.is_empty() {
                self.counts.removed.add(removed);
                return Ok(removed);
            }
        }
        Err(crowded(REMOVING))
    }

    /// Whether each was written.
    async fn put(&self, doing: &'static str, items: Vec<Item<(Vec<u8>, i64, Lease)>>) -> Result<Vec<bool>> {
        let statement = &self.statements.put;
        let columns = |(envelope, micros, lease)| {
            let [replaces, epoch] = words(&lease);
            vec![replaces, epoch, Datum::Integer(micros), Datum::Blob(envelope)]
        };
        self.changed(doing, statement, items, columns).await
    }

    /// What becomes of each item under a statement that answers the ids of those it changed.
    async fn changed<T>(
        &self,
        doing: &'static str,
        statement: &Statement,
        items: Vec<Item<T>>,
        columns: impl Fn(T) -> Vec<Datum>,
    ) -> Result<Vec<bool>> {
        let mut changed = vec![false; items.len()];
        for portion in portions(items) {
            let ids: Vec<_> = portion.iter().map(|(place, item)| (item.id.clone(), *place)).collect();
            let columns = |what| [vec![self.marks.version()], columns(what)].concat();
            for row in self.asked(doing, statement, portion, columns).await? {
                let [Datum::Blob(id)] = taken(row).ok_or_else(|| strange(doing))? else {
                    return Err(strange(doing));
                };
                let at = ids.binary_search_by(|(other, _)| other.cmp(&id));
                let place = at.ok().and_then(|at| ids.get(at)).ok_or_else(|| strange(doing))?;
                changed[place.1] = true;
            }
        }
        Ok(changed)
    }

    pub(super) async fn clear(&self) -> Result<()> {
        self.demand_open(CLEARING)?;
        let cleared = self.backend.fetch(self.statements.clear.clone(), Vec::new()).await;
        let rows = cleared.map_err(|failure| failure.told(ErrorKind::Store, CLEARING))?;
        if rows.is_empty() { Err(no_epoch(CLEARING)) } else { Ok(()) }
    }

    /// One batch of what nobody will miss. How many rows it had.
    pub(super) async fn purge(&self) -> Result<usize> {
        self.demand_open(PURGING)?;
        let purged = self.backend.fetch(self.statements.purge.clone(), Vec::new()).await;
        let purged = purged.map_err(|failure| failure.told(ErrorKind::Store, PURGING))?.len();
        self.counts.purged.add(purged);
        Ok(purged)
    }

    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    fn demand_open(&self, doing: &'static str) -> Result<()> {
        if self.closed.load(Ordering::Acquire) { Err(Error::new(ErrorKind::Closed, doing)) } else { Ok(()) }
    }

    /// What a search tells of each of `ids`, in their order.
    async fn searched(&self, statement: &Statement, ids: Vec<Vec<u8>>) -> Result<Rows> {
        let mut found: Vec<Option<Vec<Datum>>> = ids.iter().map(|_| None).collect();
        let items: Vec<_> = (0..).zip(ids).map(|(n, id)| Item { id, size: 0, what: n }).collect();
        for portion in portions(items) {
            for mut row in self.asked(READING, statement, portion, |n: i64| vec![n.into()]).await? {
                let number = if row.is_empty() { Datum::Null } else { row.remove(0) };
                let place = usize::from_datum(number).and_then(|number| found.get_mut(number));
                *place.ok_or_else(|| strange(READING))? = Some(row);
            }
        }
        found.into_iter().map(|row| row.ok_or_else(|| no_epoch(READING))).collect()
    }

    async fn asked<T>(
        &self,
        doing: &'static str,
        statement: &Statement,
        portion: Portion<T>,
        columns: impl Fn(T) -> Vec<Datum>,
    ) -> Result<Rows> {
        self.demand_open(doing)?;
        let row = |(_, item): (usize, Item<T>)| [vec![Datum::Blob(item.id)], columns(item.what)].concat();
        let rows = portion.into_iter().map(row).collect();
        self.backend.over(statement, rows).await.map_err(|failure| failure.told(ErrorKind::Store, doing))
    }
}

/// Makes the tables unless they are there, and gets the number of a new writer.
async fn registered(backend: &dyn Backend, statements: &Statements, epoch: i64, lease: i64) -> Result<i64> {
    let register =
        || backend.fetch(statements.register.clone(), vec![Datum::Integer(epoch), Datum::Integer(lease)]);
    let told = |failure: crate::failure::Failure| failure.told(ErrorKind::Store, OPENING);
    let mut answer = register().await;
    // Two that make a table at once may both fail; then it is there, or they try again.
    for _ in 0..3 {
        // A failure of a known kind is not that of a missing table.
        if answer.as_ref().map_or_else(|failure| failure.kind.is_some(), |_| true) {
            break;
        }
        for statement in &statements.create {
            if backend.fetch(statement.clone(), Vec::new()).await.is_err() {
                break;
            }
        }
        answer = register().await;
    }
    let row = answer.map_err(told)?.into_iter().next().unwrap_or_default();
    backend.fetch(statements.probe.clone(), Vec::new()).await.map_err(told)?;
    match taken(row) {
        Some([Datum::Integer(LAYOUT), Datum::Integer(writer)]) => Ok(writer),
        _ => Err(Error::new(ErrorKind::Invalid, OPENING).because("the tables are of another version")),
    }
}

fn leased(version: &Datum, server: &Datum, epoch: &Datum) -> Option<Lease> {
    let version = match version {
        Datum::Integer(version) => Some(*version),
        Datum::Null => None,
        _ => return None,
    };
    match (server, epoch) {
        (Datum::Integer(server), Datum::Integer(epoch)) => Some(lease(version, *server, *epoch)),
        _ => None,
    }
}

/// The columns of a row that must have so many.
fn taken<const N: usize>(row: Vec<Datum>) -> Option<[Datum; N]> {
    row.try_into().ok()
}

fn crowded(doing: &'static str) -> Error {
    Error::new(ErrorKind::Overloaded, doing).because("others write the same keys all the time")
}

fn no_epoch(doing: &'static str) -> Error {
    Error::new(ErrorKind::Store, doing).because("the table of the epoch is empty")
}

fn strange(doing: &'static str) -> Error {
    Error::new(ErrorKind::Store, doing).because("a row is not what a store writes")
}

/// A duration in microseconds, rounded up, at most a century.
pub(super) fn micros(duration: Duration) -> i64 {
    const CENTURY: u128 = 100 * 365 * 86_400 * 1_000_000;
    i64::try_from(duration.as_nanos().div_ceil(1_000).min(CENTURY)).unwrap_or(i64::MAX)
}
