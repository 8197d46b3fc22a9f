//! What LHD learns: how many hits to expect of an entry for the time it stays.

/// An entry's age since its last use, in coarse units.
pub(crate) type Age = u32;

/// One more than the greatest age: all that is older counts as that.
pub(crate) const OLDEST: Age = 20_000;

const CLASSES: usize = 16;
/// What is left of a count after each round.
const DECAY: f32 = 0.9;
/// At first an age is so many requests, as a power of two.
const FIRST_SHIFT: u32 = 10;
/// The rounds after which the unit of age is chosen anew, once it is known how many entries there are.
const RESCALED_AT: [u32; 2] = [5, 25];
/// The entries that leave, an age, should be no more than this part.
const COARSENESS: f32 = 0.01;
/// A class with fewer events than this knows nothing.
const LEAST_EVENTS: f32 = 1e-5;
/// What the classes start from: an age of 0 in the first class has this density.
const FIRST_DENSITY: f32 = 17.0;

/// Hit densities by class and age. Counting and asking cost O(1), learning O(ages seen).
#[derive(Debug)]
pub(crate) struct HitDensity {
    classes: Vec<Class>,
    rounds: u32,
    shift: u32,
    /// A decaying average of the number of entries: its sum and its mass.
    entries: (f32, f32),
}

/// Counts by age; ages beyond the end were not seen.
#[derive(Debug, Default)]
struct Class {
    hits: Vec<f32>,
    evictions: Vec<f32>,
    densities: Vec<f32>,
}

impl HitDensity {
    pub(crate) fn new() -> Self {
        let classes = (0..CLASSES).map(|_| Class::default()).collect();
        Self { classes, rounds: 0, shift: FIRST_SHIFT, entries: (0.0, 0.0) }
    }

    /// How often it has learned.
    pub(crate) fn rounds(&self) -> u32 {
        self.rounds
    }

    /// The age of an entry used so many requests ago.
    pub(crate) fn age(&self, requests: u64) -> Age {
        (requests >> self.shift).min(u64::from(OLDEST - 1)) as Age
    }

    /// An entry with `ages` at its last two hits together was hit at `age`.
    pub(crate) fn on_hit(&mut self, ages: Age, age: Age) {
        count(&mut self.classes[class(ages)].hits, age);
    }

    /// An entry with `ages` at its last two hits together was evicted at `age`.
    pub(crate) fn on_evict(&mut self, ages: Age, age: Age) {
        count(&mut self.classes[class(ages)].evictions, age);
    }

    /// The hits to expect of an entry with `ages` at its last two hits together, now at `age`, for the time it will stay.
    pub(crate) fn density(&self, ages: Age, age: Age) -> f32 {
        let class = class(ages);
        if self.rounds == 0 {
            return (FIRST_DENSITY + class as f32) / (age + 1) as f32;
        }
        self.classes[class].densities.get(age as usize).copied().unwrap_or(0.0)
    }

    /// Learns from what was counted, in a cache of `entries`.
    pub(crate) fn learn(&mut self, entries: usize) {
        for class in &mut self.classes {
            class.hits.iter_mut().chain(&mut class.evictions).for_each(|count| *count *= DECAY);
        }
        let (sum, mass) = self.entries;
        self.entries = (sum * DECAY + entries as f32, mass * DECAY + 1.0);
        if RESCALED_AT.contains(&self.rounds) {
            self.rescale();
        }
        self.classes.iter_mut().for_each(Class::learn);
        self.rounds = self.rounds.saturating_add(1);
    }

    /// Chooses the unit of age by the number of entries.
    fn rescale(&mut self) {
        let (sum, mass) = self.entries;
        let wanted = sum / mass / (COARSENESS * OLDEST as f32);
        let shift = (1..63).find(|&shift| (1_u64 << shift) as f32 >= wanted).unwrap_or(63);
        for counts in self.classes.iter_mut().flat_map(|class| [&mut class.hits, &mut class.evictions]) {
            if shift > self.shift {
                compress(counts, shift - self.shift);
            } else {
                stretch(counts, self.shift - shift);
            }
        }
        self.shift = shift;
        self.entries = (sum * 8.0, mass * 8.0);
    }
}

impl Class {
    /// At each age: the hits from there on, for the time that entries which got there stay on.
    fn learn(&mut self) {
        let ages = self.hits.len().max(self.evictions.len());
        self.densities.clear();
        self.densities.resize(ages, 0.0);
        let (mut hits, mut events, mut lifetime) = (0.0, 0.0, 0.0);
        for age in (0..ages).rev() {
            let hit = self.hits.get(age).copied().unwrap_or(0.0);
            hits += hit;
            events += hit + self.evictions.get(age).copied().unwrap_or(0.0);
            lifetime += events;
            if events > LEAST_EVENTS {
                self.densities[age] = hits / lifetime;
            }
        }
    }
}

/// The class of an entry with `ages` at its last two hits together: the older, the lower.
fn class(ages: Age) -> usize {
    (0..CLASSES - 1).find(|&class| (u64::from(ages) << class) >= u64::from(OLDEST)).unwrap_or(CLASSES - 1)
}

fn count(counts: &mut Vec<f32>, age: Age) {
    let age = age as usize;
    if age >= counts.len() {
        counts.resize(age + 1, 0.0);
    }
    counts[age] += 1.0;
}

/// Makes one age of 2^`by`.
fn compress(counts: &mut Vec<f32>, by: u32) {
    *counts = counts.chunks(1 << by.min(16)).map(|ages| ages.iter().sum()).collect();
}

/// Makes 2^`by` ages of one.
fn stretch(counts: &mut Vec<f32>, by: u32) {
    let parts = 1_usize << by;
    let most = OLDEST as usize;
    let over: f32 = counts.iter().skip(most / parts).sum();
    let stretched =
        counts.iter().flat_map(|&count| std::iter::repeat_n(count / parts as f32, parts)).take(most - 1);
    let mut stretched: Vec<f32> = stretched.collect();
    if over > 0.0 {
        stretched.resize(most, 0.0);
        stretched[most - 1] = over;
    }
    *counts = stretched;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hit_soon_is_worth_more_than_what_is_hit_late() {
        let mut model = HitDensity::new();
        for _ in 0..100 {
            model.on_hit(0, 1);
            model.on_hit(OLDEST, 100);
            model.on_evict(OLDEST, 1);
        }
        model.learn(100);
        assert!(model.density(0, 0) > model.density(OLDEST, 0));
        assert!(model.density(OLDEST, 50) > model.density(OLDEST, 2), "nearer to its hit");
        assert_eq!(model.density(OLDEST, 101).to_bits(), 0.0_f32.to_bits(), "nobody was hit so late");
    }

    #[test]
    fn another_unit_of_age_keeps_the_counts() {
        let mut counts = vec![4.0, 8.0, 12.0];
        stretch(&mut counts, 1);
        assert_eq!(counts, [2.0, 2.0, 4.0, 4.0, 6.0, 6.0]);
        compress(&mut counts, 1);
        assert_eq!(counts, [4.0, 8.0, 12.0]);
        let mut late = vec![0.0; OLDEST as usize];
        late[OLDEST as usize - 1] = 3.0;
        stretch(&mut late, 2);
        assert_eq!((late.len(), late[OLDEST as usize - 1]), (OLDEST as usize, 3.0));
    }

    #[test]
    fn the_unit_of_age_follows_the_number_of_entries() {
        let mut model = HitDensity::new();
        (0..6).for_each(|_| model.learn(1_000));
        assert_eq!(model.age(80), 10);
        let mut model = HitDensity::new();
        (0..6).for_each(|_| model.learn(100_000_000));
        assert_eq!(model.age(1 << 20), 2);
    }

    #[test]
    fn classes_go_from_the_oldest_to_the_youngest() {
        assert_eq!([OLDEST, OLDEST - 1, OLDEST / 2, OLDEST / 2 - 1, 1, 0].map(class), [0, 1, 1, 2, 15, 15]);
    }
}
