//! Three levels against a model of three maps: the same values, from the same levels, of the same age, for as long.

use std::collections::HashMap;
use std::time::Duration;

use larder_core::{Entry, Env, Lookup, Memory, MemoryOptions, Store};
use larder_patterns::{PatternExt, Source, Tiered};
use larder_policies::Lru;
use larder_testkit::Manual;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

type Engine = Memory<u64, u64, Lru>;
type Tower = Tiered<Engine, Tiered<Engine, Engine>>;

/// The default lives of the levels, in seconds.
const LIVES: [u64; 3] = [10, 30, 60];

#[derive(Clone, Debug)]
enum Step {
    Get(u64),
    GetMany(Vec<u64>),
    Insert(u64, u64, Option<u64>),
    Remove(u64),
    Clear,
    Fill(u64, u64, Option<u64>),
    Evict(usize, u64),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0_u64..4;
    let life = || proptest::option::of(1_u64..90);
    prop_oneof![
        4 => key().prop_map(Step::Get),
        1 => proptest::collection::vec(key(), 0..5).prop_map(Step::GetMany),
        2 => (key(), any::<u64>(), life()).prop_map(|(key, value, life)| Step::Insert(key, value, life)),
        1 => key().prop_map(Step::Remove),
        1 => Just(Step::Clear),
        2 => (key(), any::<u64>(), life()).prop_map(|(key, value, life)| Step::Fill(key, value, life)),
        3 => (0_usize..3, key()).prop_map(|(level, key)| Step::Evict(level, key)),
        3 => (0_u64..25).prop_map(Step::Wait),
    ]
}

/// A value with the seconds it was stored and ends at.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Kept {
    value: u64,
    stored: u64,
    ends: u64,
}

#[derive(Default)]
struct Model {
    now: u64,
    levels: [HashMap<u64, Kept>; 3],
}

impl Model {
    /// What the nearest level has that has anything, and which that is. Nearer ones get copies.
    fn get(&mut self, key: u64) -> Option<(usize, Kept)> {
        let found = |level: usize| {
            let kept = self.levels[level].get(&key).filter(|kept| self.now < kept.ends);
            kept.map(|kept| (level, *kept))
        };
        let (level, kept) = (0..3).find_map(found)?;
        self.copy(level, key, kept);
        Some((level, kept))
    }

    fn copy(&mut self, levels: usize, key: u64, kept: Kept) {
        for (nearer, life) in LIVES.iter().enumerate().take(levels) {
            self.levels[nearer].insert(key, Kept { ends: kept.ends.min(self.now + life), ..kept });
        }
    }

    fn write(&mut self, key: u64, value: u64, life: Option<u64>) {
        let ends = self.now + life.unwrap_or(LIVES[2]);
        let kept = Kept { value, stored: self.now, ends };
        self.levels[2].insert(key, kept);
        self.copy(2, key, kept);
    }

    fn remove(&mut self, key: u64) -> bool {
        let removed = self.levels.each_mut().map(|level| level.remove(&key));
        removed.into_iter().flatten().any(|kept| self.now < kept.ends)
    }
}

fn tower(env: &Env) -> Tower {
    let [memory, redis, disk] =
        LIVES.map(|life| MemoryOptions::new(100).ttl(Duration::from_secs(life)).env(env).build(Lru::new));
    disk.fronted_by(redis).fronted_by(memory)
}

fn entry(value: u64, life: Option<u64>) -> Entry<u64> {
    life.map_or(Entry::new(value), |life| Entry::new(value).ttl(Duration::from_secs(life)))
}

async fn take(step: Step, tower: &Tower, model: &mut Model, (env, manual): (&Env, &Manual)) {
    match step {
        Step::Get(key) => {
            let answer = tower.get_with_source(&key, env.clock()).await.unwrap();
            let seen = answer.map(|answer| {
                let Source::Level(level) = answer.source() else { panic!("nothing loads") };
                let (now, left) = (model.now, answer.left().unwrap().as_secs());
                (
                    level,
                    Kept { value: *answer.value(), stored: now - answer.age().as_secs(), ends: now + left },
                )
            });
            assert_eq!(seen, model.get(key));
        }
        Step::GetMany(keys) => {
            let values: Vec<_> =
                tower.get_many(&keys).await.unwrap().into_iter().map(Lookup::value).collect();
            let expected: Vec<_> =
                keys.iter().map(|key| model.get(*key).map(|(_, kept)| kept.value)).collect();
            assert_eq!(values, expected);
        }
        Step::Insert(key, value, life) => {
            tower.insert(key, entry(value, life)).await.unwrap();
            model.write(key, value, life);
        }
        Step::Fill(key, value, life) => {
            let lease = tower.lease(&key).await.unwrap();
            assert!(tower.fill(key, entry(value, life), lease).await.unwrap().is_stored());
            model.write(key, value, life);
        }
        Step::Remove(key) => assert_eq!(tower.remove(&key).await.unwrap(), model.remove(key)),
        Step::Clear => {
            tower.clear().await.unwrap();
            model.levels = Default::default();
        }
        Step::Evict(level, key) => {
            [tower.near(), tower.far().near(), tower.far().far()][level].remove(&key);
            model.levels[level].remove(&key);
        }
        Step::Wait(seconds) => {
            manual.advance(Duration::from_secs(seconds));
            model.now += seconds;
        }
    }
}

proptest! {
    #[test]
    fn three_levels_do_as_their_model_does(steps in proptest::collection::vec(step(), 0..80)) {
        let (env, manual) = Env::manual();
        let (tower, mut model) = (tower(&env), Model::default());
        manual.block_on(async {
            for step in steps {
                take(step, &tower, &mut model, (&env, &manual)).await;
            }
        });
    }
}
