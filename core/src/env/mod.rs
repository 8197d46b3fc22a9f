//! What a cache takes from the world: a clock, a spawner, randomness. Injected, so that tests own all three.

mod clock;
mod manual;
mod random;
mod world;

pub use clock::{Clock, Ticker};
pub use manual::Manual;
pub use random::Random;
pub use world::{Env, Spawner};
