//! How fast Cacheus learns, which it learns too.

use crate::rng::SplitMix64;

/// The rate never falls below this...
const LEAST: f64 = 0.001;
/// ...or else it starts again from here.
const RESTART: f64 = 0.0001;
/// Rounds without any gain after which the rate is drawn anew.
const PATIENCE: u32 = 10;

/// A learning rate that goes on in the direction that raised the hit rate.
#[derive(Debug)]
pub(crate) struct LearningRate {
    rate: f64,
    previous: f64,
    last_hit_rate: f64,
    rounds_without_gain: u32,
}

impl LearningRate {
    pub(crate) fn new(rng: &mut SplitMix64) -> Self {
        Self { rate: draw(rng), previous: 0.0, last_hit_rate: 0.0, rounds_without_gain: 0 }
    }

    pub(crate) fn rate(&self) -> f64 {
        self.rate
    }

    /// Adapts the rate after a round of requests of which this part were hits.
    pub(crate) fn adapt(&mut self, hit_rate: f64, rng: &mut SplitMix64) {
        let gain = hit_rate - self.last_hit_rate;
        let change = self.rate - self.previous;
        (self.previous, self.last_hit_rate) = (self.rate, hit_rate);
        if change != 0.0 {
            let step = (self.rate * change).abs();
            let next = if gain / change > 0.0 { self.rate + step } else { self.rate - step };
            self.rate = if next > LEAST { next } else { RESTART };
            self.rounds_without_gain = 0;
        } else if hit_rate <= 0.0 || gain <= 0.0 {
            self.rounds_without_gain += 1;
        } else if self.rounds_without_gain >= PATIENCE {
            self.rounds_without_gain = 0;
            self.rate = draw(rng);
        }
    }
}

/// A rate from 0.001 to 1.
fn draw(rng: &mut SplitMix64) -> f64 {
    LEAST + rng.below(1_000) as f64 / 1_000.0
}
