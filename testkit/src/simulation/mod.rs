//! A seeded simulator for towers of stores: several clients, faults everywhere, and an oracle that knows what may be read.
//!
//! One seed is one run: the clock, the order in which tasks go on, what the clients do, what fails and how. The tower is
//! the test's own; the [`World`] gives it the environment, an origin, stores that fail, and a disk that a crash cuts short.
//!
//! ```
//! use larder_testkit::MapStore;
//! use larder_testkit::simulation::{Simulation, for_seeds};
//!
//! for_seeds(20, |seed| {
//!     let simulation = Simulation::new(seed).keeps_misses();
//!     simulation.run(|world| world.unsteady(MapStore::new(world.env())));
//! });
//! ```
//!
//! # What the oracle holds against a tower
//!
//! - **Nothing stale is read.** A look-up that began after a write was acknowledged never answers with a value that
//!   some acknowledged write had replaced by then. So everybody reads his own writes, and everybody else's.
//! - **Nothing stale is installed**, seen or not: neither by a fill nor by an insert into a store that is
//!   [watched](World::watched).
//! - **One flight a key.** While a key is loaded and nobody writes or clears it, no other load of it begins.
//! - **Nothing acknowledged is lost.** What was acknowledged before a `flush` is at the origin when the flush returns.
//! - **No key hangs.** When the faults end, every client comes to its end, and every key answers.
//! - **The cache and the origin end alike.** When all is quiet, every key reads as the origin has it. (Not asked after a write
//!   of unknown outcome, where stores fail, too: an invalidation that fails is a promise nobody can keep.)
//!
//! A write of unknown outcome (failed, or its future dropped) may have happened or not; what it replaced may still be read, until
//! a later one is acknowledged.
//!
//! # When something fails
//!
//! A run that breaks a promise panics with its seed, the promise, and the numbered trace of what happened. The variable
//! `LARDER_SEED` repeats one seed, and `LARDER_SEEDS` says how many are tried: see [`for_seeds`]. A seed replays exactly if
//! the tower takes time, tasks and randomness from [`World::env`]. What hashes keys with a seed of its own does not: a
//! tower whose locks or leases are shared by keys that hash alike takes another course in the run where two do.

mod chance;
mod client;
mod disk;
mod failure;
mod history;
mod origin;
mod quiet;
mod run;
mod seeds;
mod settings;
mod store;
mod world;

pub use disk::{SimulatedDisk, SimulatedJournal};
pub use failure::Failure;
pub use origin::SimulatedOrigin;
pub use run::{Simulation, Summary};
pub use seeds::for_seeds;
pub use settings::Writes;
pub use store::SimulatedStore;
pub use world::World;
