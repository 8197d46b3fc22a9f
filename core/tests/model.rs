//! The engine against a plain model with time: any sequence of calls gives what a list in order of use would.

use std::collections::BTreeMap;
use std::time::Duration;

use larder_core::{Entry, Env, Filled, Lease, Lookup, Manual, Memory, MemoryOptions};
use larder_policies::Lru;
use proptest::prelude::*;

const NANO: Duration = Duration::from_nanos(1);
const DEFAULT_TTL: u64 = 1_000;

#[derive(Clone, Copy, Debug)]
enum Step {
    Get(u8),
    Peek(u8),
    Lookup(u8),
    Lease(u8),
    Insert(u8, u32, Life),
    Fill(usize, u32, Life),
    Remove(u8),
    Make(u8, u32),
    Clear,
    Advance(u64),
    Prune,
    Resize(u64),
    RetainEven,
    Count,
}

#[derive(Clone, Copy, Debug)]
enum Life {
    Default,
    Never,
    For(u64),
}

/// Entries in order of use, the least recent first.
#[derive(Default)]
struct Model {
    entries: Vec<Stored>,
    sequence: u64,
    capacity: u64,
    now: u64,
    leases: Vec<Handed>,
    /// When each key was last filled.
    filled: BTreeMap<u8, u64>,
}

#[derive(Clone, Copy)]
struct Stored {
    key: u8,
    value: u32,
    end: u64,
}

/// A lease handed out, when, and whether the key was written since.
struct Handed {
    key: u8,
    lease: Lease,
    sequence: u64,
    void: bool,
}

impl Model {
    fn expire(&mut self) {
        let now = self.now;
        self.entries.retain(|entry| entry.end > now);
    }

    fn weight(&self) -> u64 {
        self.entries.iter().map(|entry| u64::from(entry.value.max(1))).sum()
    }

    fn get(&mut self, key: u8) -> Option<u32> {
        self.expire();
        let place = self.entries.iter().position(|entry| entry.key == key)?;
        let entry = self.entries.remove(place);
        self.entries.push(entry);
        Some(entry.value)
    }

    fn peek(&mut self, key: u8) -> Option<u32> {
        self.expire();
        self.entries.iter().find(|entry| entry.key == key).map(|entry| entry.value)
    }

    fn put(&mut self, key: u8, value: u32, life: Life) {
        self.expire();
        self.entries.retain(|entry| entry.key != key);
        let end = match life {
            Life::Default => self.now + DEFAULT_TTL,
            Life::Never => u64::MAX,
            Life::For(nanos) => self.now + nanos,
        };
        if u64::from(value.max(1)) <= self.capacity && end > self.now {
            self.entries.push(Stored { key, value, end });
            self.make_room();
        }
    }

    fn make_room(&mut self) {
        self.expire();
        while self.weight() > self.capacity {
            self.entries.remove(0);
        }
    }

    fn void(&mut self, key: u8) {
        self.leases.iter_mut().filter(|lease| lease.key == key).for_each(|lease| lease.void = true);
    }

    fn hand(&mut self, key: u8, lease: Lease) {
        self.leases.push(Handed { key, lease, sequence: self.sequence, void: false });
    }

    fn is_void(&self, lease: &Handed) -> bool {
        lease.void || self.filled.get(&lease.key).is_some_and(|filled| *filled > lease.sequence)
    }
}

fn life() -> impl Strategy<Value = Life> {
    prop_oneof![
        3 => Just(Life::Default),
        1 => Just(Life::Never),
        2 => prop_oneof![0_u64..5, 0_u64..5_000].prop_map(Life::For),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let (key, value) = (0_u8..12, 0_u32..12);
    prop_oneof![
        6 => key.clone().prop_map(Step::Get),
        1 => key.clone().prop_map(Step::Peek),
        4 => key.clone().prop_map(Step::Lookup),
        1 => key.clone().prop_map(Step::Lease),
        6 => (key.clone(), value.clone(), life()).prop_map(|(key, value, life)| Step::Insert(key, value, life)),
        5 => (0_usize..6, value.clone(), life()).prop_map(|(lease, value, life)| Step::Fill(lease, value, life)),
        2 => key.clone().prop_map(Step::Remove),
        2 => (key, value).prop_map(|(key, value)| Step::Make(key, value)),
        1 => Just(Step::Clear),
        4 => prop_oneof![0_u64..10, 0_u64..3_000].prop_map(Step::Advance),
        1 => Just(Step::Prune),
        1 => (0_u64..60).prop_map(Step::Resize),
        1 => Just(Step::RetainEven),
        2 => Just(Step::Count),
    ]
}

struct Run {
    memory: Memory<u8, u32, Lru>,
    manual: Manual,
    model: Model,
}

impl Run {
    fn new(capacity: u64) -> Self {
        let (env, manual) = Env::manual();
        let options = MemoryOptions::new(capacity).env(&env).shards(1).ttl(NANO * DEFAULT_TTL as u32);
        let memory = options.weigh(|_, value| *value).build(Lru::new);
        Self { memory, manual, model: Model { capacity, ..Model::default() } }
    }

    fn apply(&mut self, step: Step) -> Result<(), TestCaseError> {
        let Self { memory, manual, model } = self;
        match step {
            Step::Get(key) => prop_assert_eq!(memory.get(&key), model.get(key)),
            Step::Peek(key) => prop_assert_eq!(memory.contains(&key), model.peek(key).is_some()),
            Step::Lookup(key) => match (memory.lookup(&key), model.get(key)) {
                (Lookup::Hit(entry), Some(value)) => prop_assert_eq!(entry.into_value(), value),
                (Lookup::Miss(lease), None) => model.hand(key, lease),
                (found, expected) => prop_assert!(false, "found {found:?}, expected {expected:?}"),
            },
            Step::Lease(key) => model.hand(key, memory.lease_now(&key)),
            Step::Insert(key, value, life) => {
                memory.insert_entry(key, entry(value, life));
                model.void(key);
                model.put(key, value, life);
            }
            Step::Fill(back, value, life) => self.fill(back, value, life)?,
            Step::Remove(key) => {
                let expected = model.peek(key);
                model.void(key);
                model.entries.retain(|entry| entry.key != key);
                prop_assert_eq!(memory.remove(&key), expected);
            }
            Step::Make(key, value) => {
                let made = memory.get_or_insert_with(key, || value);
                let expected = model.get(key).unwrap_or_else(|| {
                    model.put(key, value, Life::Default);
                    value
                });
                prop_assert_eq!(made, expected);
            }
            Step::Clear => {
                memory.clear();
                model.entries.clear();
                model.leases.iter_mut().for_each(|lease| lease.void = true);
            }
            Step::Advance(nanos) => {
                manual.advance(NANO * nanos as u32);
                model.now += nanos;
            }
            Step::Prune => {
                memory.prune();
            }
            Step::Resize(capacity) => {
                memory.resize(capacity);
                model.capacity = capacity;
                model.make_room();
            }
            Step::RetainEven => {
                memory.retain(|key, _| key % 2 == 0);
                model.expire();
                let gone: Vec<u8> =
                    model.entries.iter().map(|entry| entry.key).filter(|key| key % 2 == 1).collect();
                gone.iter().for_each(|key| model.void(*key));
                model.entries.retain(|entry| entry.key % 2 == 0);
            }
            Step::Count => self.compare_all()?,
        }
        prop_assert!(self.memory.weight() <= self.model.capacity);
        Ok(())
    }

    fn fill(&mut self, back: usize, value: u32, life: Life) -> Result<(), TestCaseError> {
        let model = &mut self.model;
        let Some(place) = model.leases.len().checked_sub(1 + back) else { return Ok(()) };
        let handed = model.leases.remove(place);
        let (key, void) = (handed.key, model.is_void(&handed));
        let filled = self.memory.fill_now(key, entry(value, life), handed.lease);
        match (filled, void) {
            (Filled::Stored(_), true) => prop_assert!(false, "a void lease filled"),
            (Filled::Stored(_), false) => {
                model.sequence += 1;
                model.filled.insert(key, model.sequence);
                model.put(key, value, life);
            }
            // The engine may void more than it must: it remembers writes by stripe.
            (Filled::Void, _) => {}
        }
        Ok(())
    }

    fn compare_all(&mut self) -> Result<(), TestCaseError> {
        self.model.expire();
        let mut found: Vec<_> =
            self.memory.entries().into_iter().map(|(key, e)| (key, e.into_value())).collect();
        let mut expected: Vec<_> = self.model.entries.iter().map(|entry| (entry.key, entry.value)).collect();
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(self.memory.len(), expected.len());
        prop_assert_eq!(self.memory.weight(), self.model.weight());
        Ok(())
    }
}

fn entry(value: u32, life: Life) -> Entry<u32> {
    match life {
        Life::Default => Entry::new(value),
        Life::Never => Entry::new(value).never_expires(),
        Life::For(nanos) => Entry::new(value).ttl(Duration::from_nanos(nanos)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_calls_gives_what_a_plain_list_would(
        capacity in 0_u64..60,
        steps in proptest::collection::vec(step(), 1..120),
    ) {
        let mut run = Run::new(capacity);
        for step in steps {
            run.apply(step)?;
        }
        run.compare_all()?;
    }
}
