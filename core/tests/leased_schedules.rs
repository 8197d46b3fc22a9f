//! Whatever order an engine's waits fall into, what callers see of `Leased` is what some order of their calls would give.

mod plains;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use larder_core::{Entry, Env, Leased, Lookup, Manual, Random, Store};
use plains::Slow;

const SEEDS: u64 = 2_000;
const KEYS: u64 = 2;

/// What a call did, with the number of the lease it gave or took.
#[derive(Clone, Copy, Debug)]
enum Call {
    Get(u64, u64),
    Miss(u64, usize),
    Insert(u64, u64),
    Fill(u64, u64, usize, bool),
    Remove(u64, bool),
    Clear,
}

/// A call, and when it began and ended.
#[derive(Clone, Copy, Debug)]
struct Event {
    call: Call,
    began: usize,
    ended: usize,
}

/// The store as one caller would see it: values, and the leases that are good. Exact, but for one thing: a lease that was
/// taken while its key was changed may be refused.
#[derive(Clone, Default)]
struct Sequential {
    values: [Option<u64>; KEYS as usize],
    leases: Vec<(usize, u64)>,
}

impl Sequential {
    /// Does the call; whether it gives what it gave.
    fn accepts(&mut self, call: Call) -> bool {
        match call {
            Call::Get(key, value) => self.values[key as usize] == Some(value),
            Call::Miss(key, lease) => {
                self.leases.push((lease, key));
                self.values[key as usize].is_none()
            }
            Call::Insert(key, value) => {
                self.put(key, Some(value));
                true
            }
            Call::Remove(key, removed) => {
                let same = self.values[key as usize].is_some() == removed;
                self.put(key, None);
                same
            }
            Call::Clear => {
                (0..KEYS).for_each(|key| self.put(key, None));
                true
            }
            Call::Fill(key, value, lease, true) => {
                let is_good = self.leases.contains(&(lease, key));
                self.put(key, Some(value));
                is_good
            }
            Call::Fill(_, _, _, false) => true,
        }
    }

    fn put(&mut self, key: u64, value: Option<u64>) {
        self.values[key as usize] = value;
        self.leases.retain(|(_, other)| *other != key);
    }
}

/// Whether some order of `events` that respects who ended before whom began gives what was seen (Wing and Gong, 1993).
fn is_linearizable(events: &[Event], state: &Sequential) -> bool {
    let Some(first_end) = events.iter().map(|event| event.ended).min() else { return true };
    (0..events.len()).filter(|index| events[*index].began < first_end).any(|index| {
        let mut next = state.clone();
        let mut rest = events.to_vec();
        let event = rest.swap_remove(index);
        next.accepts(event.call) && is_linearizable(&rest, &next)
    })
}

struct World {
    store: Leased<Slow>,
    random: Random,
    clock: AtomicUsize,
    leases: AtomicUsize,
    events: Mutex<Vec<Event>>,
}

impl World {
    fn tick(&self) -> usize {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    fn below(&self, bound: u64) -> u64 {
        self.random.next() % bound
    }

    /// Makes a few calls at random, and records each.
    async fn run(&self, calls: usize) -> larder_core::Result<()> {
        let mut held = None;
        for _ in 0..calls {
            let (key, value) = (self.below(KEYS), self.random.next());
            let began = self.tick();
            let call = match (self.below(12), held.take()) {
                (0..5, Some((key, number, lease))) => {
                    let filled = self.store.fill(key, Entry::new(value), lease).await?;
                    Call::Fill(key, value, number, filled.is_stored())
                }
                (0..6, _) => match self.store.get(&key).await? {
                    Lookup::Hit(entry) => Call::Get(key, entry.into_value()),
                    Lookup::Miss(lease) => {
                        let number = self.leases.fetch_add(1, Ordering::SeqCst);
                        held = Some((key, number, lease));
                        Call::Miss(key, number)
                    }
                },
                (6..9, _) => {
                    self.store.insert(key, Entry::new(value)).await?;
                    Call::Insert(key, value)
                }
                (9..11, _) => Call::Remove(key, self.store.remove(&key).await?),
                _ => {
                    self.store.clear().await?;
                    Call::Clear
                }
            };
            let ended = self.tick();
            self.events.lock().unwrap().push(Event { call, began, ended });
        }
        Ok(())
    }
}

/// What `callers` saw who made so many calls each, in the order that `seed` gives.
fn history(seed: u64, callers: usize, calls: usize) -> Vec<Event> {
    let manual = Manual::new(seed);
    let (env, random): (Env, _) = (manual.env(), Random::seeded(seed));
    let world = Arc::new(World {
        store: Leased::new(Slow::new(random.clone())).env(&env),
        random: random.clone(),
        clock: AtomicUsize::new(0),
        leases: AtomicUsize::new(0),
        events: Mutex::default(),
    });
    for _ in 0..callers {
        let world = Arc::clone(&world);
        env.spawn(async move { world.run(calls).await.unwrap() }).unwrap();
    }
    while manual.ready() > 0 {
        manual.step_at((random.next() % manual.ready() as u64) as usize);
    }
    assert_eq!(manual.run(), 0, "seed {seed}: somebody waits for ever");
    world.events.lock().unwrap().clone()
}

#[test]
fn callers_see_one_order_of_calls_whatever_the_schedule() {
    let (mut stored, mut void) = (0, 0);
    for seed in 0..SEEDS {
        let callers = 2 + (seed % 3) as usize;
        let events = history(seed, callers, 12 / callers);
        assert!(
            is_linearizable(&events, &Sequential::default()),
            "seed {seed}: no order explains {events:#?}"
        );
        let fills = |kept| {
            let is_it = |event: &&Event| matches!(event.call, Call::Fill(_, _, _, stored) if stored == kept);
            events.iter().filter(is_it).count()
        };
        stored += fills(true);
        void += fills(false);
    }
    assert!(stored > 100 && void > 100, "{stored} fills were stored, {void} void: too few to tell");
}

#[test]
fn the_checker_has_teeth() {
    let at = |began, ended, call| Event { call, began, ended };
    let stale =
        [at(0, 1, Call::Miss(0, 0)), at(2, 3, Call::Insert(0, 2)), at(4, 5, Call::Fill(0, 1, 0, true))];
    assert!(!is_linearizable(&stale, &Sequential::default()), "a stale set");
    let lost = [at(0, 1, Call::Insert(0, 2)), at(2, 3, Call::Miss(0, 0))];
    assert!(!is_linearizable(&lost, &Sequential::default()), "a lost write");
}
