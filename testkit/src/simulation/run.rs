//! One run from beginning to end: `Simulation`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use larder_core::{Manual, Random, Store};

use super::chance::{Chance, is_simulated};
use super::client::Client;
use super::failure::Failure;
use super::history::History;
use super::quiet::settle;
use super::settings::{Settings, Writes};
use super::world::World;
use crate::task::Task;

/// How often in a row the clock is moved while no task can go on: then the faults end, ...
const STUCK: u32 = 100;

/// ... and then it is a run that hangs.
const HUNG: u32 = 200;

/// Steps until the faults end, come what may; after twice as many it is a run that hangs.
const LONG: u64 = 20_000;

/// A run of several clients against one tower, all drawn from one seed.
///
/// ```
/// use larder_testkit::MapStore;
/// use larder_testkit::simulation::Simulation;
///
/// let once = |seed| Simulation::new(seed).keeps_misses().run(|world| world.watched(MapStore::new(world.env())));
/// assert_eq!(once(7), once(7), "one seed is one run");
/// assert_ne!(once(7), once(8));
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing happens until it is run"]
pub struct Simulation(Settings);

/// What happened in a run that kept all promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    steps: u64,
    trace: Vec<String>,
}

impl Summary {
    /// How often a task went on.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// What happened, in order, with the milliseconds by the clock.
    pub fn trace(&self) -> &[String] {
        &self.trace
    }
}

impl Simulation {
    /// The run that `seed` gives: three clients, twelve operations each, three keys, every other call upset, writes
    /// [behind the tower's back](Writes::Behind).
    pub const fn new(seed: u64) -> Self {
        Self(Settings::new(seed))
    }

    /// How many use the tower at once.
    pub const fn clients(mut self, clients: u64) -> Self {
        self.0.clients = clients;
        self
    }

    /// How many operations each does.
    pub const fn operations(mut self, operations: u64) -> Self {
        self.0.operations = operations;
        self
    }

    /// How many keys there are, at least one: the fewer, the more races.
    pub const fn keys(mut self, keys: u64) -> Self {
        self.0.keys = keys;
        self
    }

    /// How many calls of a hundred are upset: delayed, failed, answered late or not at all. 0: none, and nobody leaves early.
    pub const fn faults(mut self, percent: u8) -> Self {
        self.0.percent = percent;
        self
    }

    /// How the clients write.
    pub const fn writes(mut self, writes: Writes) -> Self {
        self.0.writes = writes;
        self
    }

    /// A miss means nothing: for a tower that doesn't load. Without, a miss means that the origin has no row.
    pub const fn keeps_misses(mut self) -> Self {
        self.0.keeps_misses = true;
        self
    }

    /// Lets a key be loaded more than once at a time: for a tower without single flight.
    pub const fn many_flights(mut self) -> Self {
        self.0.one_flight = false;
        self
    }

    /// Judges what is read, not what is installed: for a tower that keeps something in front of a store until that has lost what
    /// is stale, as a write-behind does with its queue when the store fails to take a write.
    pub const fn judges_reads_only(mut self) -> Self {
        self.0.judges_installs = false;
        self
    }

    /// Runs it against the tower.
    ///
    /// # Panics
    ///
    /// If a promise was broken: with the seed, the promise and the trace.
    #[track_caller]
    pub fn run<S: Store<Key = u64, Value = u64>>(self, tower: impl FnOnce(&World) -> S) -> Summary {
        match self.try_run(tower) {
            Ok(summary) => summary,
            Err(failure) => panic!("{failure}"),
        }
    }

    /// The same with the broken promise as an error: for a test that the oracle has teeth.
    pub fn try_run<S: Store<Key = u64, Value = u64>>(
        self,
        tower: impl FnOnce(&World) -> S,
    ) -> Result<Summary, Failure> {
        let Settings { seed, percent, .. } = self.0;
        let manual = Manual::new(seed);
        let history = History::new(manual.clock(), self.0);
        let chance = Chance::new(&manual.env(), !seed, percent);
        let world = World::new(manual.env(), chance, history);
        let mut run =
            Run { settings: self.0, random: Random::seeded(seed ^ (1 << 63)), manual, world, steps: 0 };
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let tower = Arc::new(tower(&run.world));
            run.all(&tower);
        }));
        if let Err(payload) = ended {
            let whose = if is_simulated(&*payload) {
                "a panic of the origin ended a task"
            } else {
                "the tower panicked"
            };
            run.world.history.accuse(whose);
        }
        let trace = run.world.history.trace();
        match run.world.history.broken() {
            None => Ok(Summary { steps: run.steps, trace }),
            Some(reason) => Err(Failure::new(seed, reason, trace)),
        }
    }
}

/// The hand that moves tasks and clock.
struct Run {
    settings: Settings,
    manual: Manual,
    random: Random,
    world: World,
    steps: u64,
}

impl Run {
    /// The clients, then the quiet.
    fn all<S: Store<Key = u64, Value = u64>>(&mut self, tower: &Arc<S>) {
        let start = |number| {
            let client = Client::new(number, self.settings, &self.world, tower);
            Task::start(self.world.env(), client.run())
        };
        let clients: Vec<_> = (1..=self.settings.clients).map(start).collect();
        if !self.until_answered(clients, "a client") {
            return;
        }
        self.world.chance.end();
        let last = settle(self.settings, self.world.clone(), Arc::clone(tower));
        self.until_answered(vec![Task::start(self.world.env(), last)], "a key or a flush");
    }

    /// Goes on until all tasks have ended; not if a promise is broken before, which `who` does by hanging.
    fn until_answered(&mut self, mut tasks: Vec<Task<()>>, who: &str) -> bool {
        let mut idle = 0;
        while !tasks.is_empty() {
            if self.world.history.broken().is_some() {
                return false;
            }
            if idle > STUCK || self.steps > LONG {
                self.world.chance.end();
            }
            if idle > HUNG || self.steps > 2 * LONG {
                self.world.history.accuse(&format!("nothing fails any more, and {who} hangs"));
                return false;
            }
            idle = if self.step() { 0 } else { idle + 1 };
            tasks.retain(|task| task.answer().is_none());
        }
        self.world.history.broken().is_none()
    }

    /// Lets a task go on, any of those that can; or moves the clock: now and then before they are done, later by more at a time.
    fn step(&mut self) -> bool {
        let ready = self.manual.ready() as u64;
        let goes_on = ready > 0 && !self.random.next().is_multiple_of(16);
        if goes_on {
            self.steps += 1;
            self.manual.step_at((self.random.next() % ready) as usize);
        } else {
            let most = if self.world.chance.goes_on() { 8 } else { 2_000 };
            self.manual.advance(Duration::from_millis(1 + self.random.next() % most));
        }
        goes_on || ready > 0
    }
}
