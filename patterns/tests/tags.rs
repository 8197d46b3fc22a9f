//! What tags promise: one step drops all entries that carry one, and no load brings them back.

mod common;

use std::sync::Arc;

use common::{kind, start};
use larder_core::{
    Codec, Context, Entry, Env, Error, ErrorKind, Filled, Lease, Lookup, Memory, MemoryOptions, Result,
    Store, StoreExt,
};
use larder_patterns::{PatternExt, Stamp, Stamped, Tag, Tagged, Tags};
use larder_policies::Lru;
use larder_testkit::store::{Options, conforms};
use larder_testkit::{Faulty, Gate, Manual, MapStore, Op};
use proptest::prelude::{Strategy, any, prop_oneof, proptest};

type Engine<V = u64> = Memory<u64, Stamped<V>, Lru>;

fn engine<V: Clone + Send + Sync + 'static>(env: &Env) -> Engine<V> {
    MemoryOptions::new(1_000).env(env).build(Lru::new)
}

/// The tags of a value: by its last digit, and whether it is odd.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "that is how a store asks")]
fn name(_key: &u64, value: &u64) -> [String; 2] {
    [format!("digit:{}", value % 10), format!("odd:{}", value % 2)]
}

fn tagged() -> (Env, Manual, impl Store<Key = u64, Value = u64>, Tags) {
    let (env, manual) = Env::manual();
    let tags = Tags::new();
    let store = engine(&env).tagged_in(&tags, name);
    (env, manual, store, tags)
}

fn value(manual: &Manual, store: &impl Store<Key = u64, Value = u64>, key: u64) -> Option<u64> {
    manual.block_on(store.value(&key)).unwrap()
}

#[test]
fn invalidating_a_tag_drops_every_entry_that_carries_it_and_no_other() {
    let (_env, manual, store, tags) = tagged();
    (0..100).for_each(|key| manual.block_on(store.put(key, key)).unwrap());
    tags.invalidate("digit:3");
    let left: Vec<_> = (0..100).filter(|key| value(&manual, &store, *key).is_some()).collect();
    assert_eq!(left, (0..100).filter(|key| key % 10 != 3).collect::<Vec<_>>());
    tags.invalidate("odd:1");
    assert!((0..100).all(|key| value(&manual, &store, key).is_some() == (key % 2 == 0)));
    manual.block_on(store.put(3, 3)).unwrap();
    assert_eq!(value(&manual, &store, 3), Some(3), "what is written afterwards is there");
}

#[test]
fn an_entry_answers_at_once_or_asks_to_be_asked_again() {
    let (_env, manual, store, tags) = tagged();
    assert!(store.get_now(&1).is_none());
    manual.block_on(store.put(1, 1)).unwrap();
    assert_eq!(store.get_now(&1).unwrap().value(), Some(1));
    tags.invalidate("odd:1");
    assert!(store.get_now(&1).is_none(), "the wrapped store has an entry, but not one to be used");
}

/// Race 25, with the tags known only from the value that is loaded.
#[test]
fn a_tag_invalidated_during_a_load_voids_the_fill() {
    let (env, manual) = Env::manual();
    let gate = Gate::<u64, u64>::new();
    let tags = Tags::new();
    let store = engine(&env).tagged_in(&tags, name).shared();
    let loading = Arc::new(store.clone().read_through_in(gate.clone(), &env));
    let reader = Arc::clone(&loading);
    let waiting = start(&env, async move { reader.value(&1).await });
    manual.run();
    let call = gate.try_next_call().unwrap();
    tags.invalidate("digit:1");
    call.release(1);
    manual.run();
    assert_eq!(waiting.answer().unwrap().unwrap(), Some(1), "who waited already may have it");
    assert_eq!(value(&manual, &store, 1), None, "the store may not");

    let again = start(&env, async move { loading.value(&1).await });
    manual.run();
    tags.invalidate("digit:2");
    gate.try_next_call().unwrap().release(11);
    manual.run();
    assert_eq!(again.answer().unwrap().unwrap(), Some(11));
    assert_eq!(value(&manual, &store, 1), Some(11), "another tag's invalidation voids nothing");
}

/// Race 25, one layer down: between the check and the store's own fill.
#[test]
fn a_tag_invalidated_while_the_store_takes_the_fill_makes_it_a_miss() {
    let (env, manual) = Env::manual();
    let tags = Tags::new();
    let inner = Faulty::new(engine(&env), &env);
    let hang = inner.on(Op::Fill).hang();
    let insert = inner.on(Op::Insert).hang();
    let store = inner.tagged_in(&tags, name).shared();
    let lease = manual.block_on(store.lease(&1)).unwrap();
    let (filler, writer) = (store.clone(), store.clone());
    let filled = start(&env, async move { filler.fill(1, 1.into(), lease).await });
    let written = start(&env, async move { writer.put(3, 3).await });
    manual.run();
    tags.invalidate("odd:1");
    hang.release();
    insert.release();
    manual.run();
    assert_eq!(filled.answer().unwrap().unwrap(), Filled::Void);
    written.answer().unwrap().unwrap();
    assert_eq!((value(&manual, &store, 1), value(&manual, &store, 3)), (None, None));
}

/// Race 25 in a batch: only the fills that the tag concerns are void.
#[test]
fn in_a_batch_of_fills_only_those_with_an_invalidated_tag_are_void() {
    let (_env, manual, store, tags) = tagged();
    let leases: Vec<_> = (0..4).map(|key| manual.block_on(store.lease(&key)).unwrap()).collect();
    tags.invalidate("digit:2");
    let fills = leases.into_iter().zip(0..).map(|(lease, key)| (key, Entry::new(key), lease)).collect();
    let filled = manual.block_on(store.fill_many(fills)).unwrap();
    assert_eq!(filled.into_iter().map(Filled::is_stored).collect::<Vec<_>>(), [true, true, false, true]);
    let found = manual.block_on(store.get_many(&[0, 1, 2, 3])).unwrap();
    assert_eq!(found.into_iter().map(Lookup::value).collect::<Vec<_>>(), [Some(0), Some(1), None, Some(3)]);
}

#[test]
fn the_lease_of_an_outdated_entry_replaces_it() {
    let (_env, manual, store, tags) = tagged();
    manual.block_on(store.insert_many(vec![(1, 1.into()), (3, 3.into())])).unwrap();
    tags.invalidate("odd:1");
    let Lookup::Miss(lease) = manual.block_on(store.get(&1)).unwrap() else { panic!("it is outdated") };
    assert!(manual.block_on(store.fill(1, 11.into(), lease)).unwrap().is_stored());
    let mut found = manual.block_on(store.get_many(&[1, 3])).unwrap();
    let Some(Lookup::Miss(lease)) = found.pop() else { panic!("it is outdated") };
    assert_eq!(found.pop().unwrap().value(), Some(11));
    manual.block_on(store.put(3, 33)).unwrap();
    assert_eq!(manual.block_on(store.fill(3, 13.into(), lease)).unwrap(), Filled::Void, "a write still wins");
}

/// Race 26: no time that passes and no number of other invalidations lets an old entry come back.
#[test]
fn a_marker_outlives_every_entry() {
    let (env, manual) = Env::manual();
    let tags = Tags::with_cells(64);
    let store = engine(&env).tagged_in(&tags, name);
    manual.block_on(store.insert(1, Entry::new(1).never_expires())).unwrap();
    tags.invalidate("digit:1");
    for n in 0..10_000 {
        tags.invalidate(format!("other:{n}"));
        manual.advance(std::time::Duration::from_hours(1));
        assert_eq!(value(&manual, &store, 1), None);
    }
    assert_eq!(store.outdated(), 10_000);
    manual.block_on(store.put(1, 1)).unwrap();
    assert_eq!(value(&manual, &store, 1), Some(1), "however full the markers are, new entries are good");
}

/// Race 26: what is told from elsewhere never moves a tag back.
#[test]
fn messages_that_come_late_or_twice_change_nothing() {
    let (_env, manual, store, tags) = tagged();
    let put = || manual.block_on(store.put(1, 1)).unwrap();
    put();
    assert!(tags.merge("odd:1", 7));
    assert_eq!(value(&manual, &store, 1), None);
    put();
    for late in [7, 6, 0] {
        assert!(!tags.merge("odd:1", late));
        assert_eq!(value(&manual, &store, 1), Some(1));
    }
    assert!(tags.merge("odd:0", 0), "each tag has its own versions");
    assert_eq!(value(&manual, &store, 1), Some(1));
    tags.invalidate("odd:1");
    put();
    assert!(tags.merge("odd:1", 8), "invalidations made here don't hide those made elsewhere");
    assert_eq!(value(&manual, &store, 1), None);
    put();
    assert!(tags.merge("odd:1", u64::MAX) && !tags.merge("odd:1", u64::MAX));
    put();
    assert_eq!(value(&manual, &store, 1), Some(1), "the largest version is one like any other");
}

#[test]
fn a_message_voids_the_loads_under_way() {
    let (_env, manual, store, tags) = tagged();
    let lease = manual.block_on(store.lease(&1)).unwrap();
    assert!(tags.merge("odd:1", 1));
    assert_eq!(manual.block_on(store.fill(1, 1.into(), lease)).unwrap(), Filled::Void);
}

/// Race 35: an item is one entry, whatever tags it has; a rewrite takes its old tags away.
#[test]
fn an_item_has_one_entry_with_the_tags_it_was_last_written_with() {
    let (_env, manual, store, tags) = tagged();
    manual.block_on(store.put(1, 11)).unwrap();
    manual.block_on(store.put(1, 22)).unwrap();
    tags.invalidate("digit:1");
    assert_eq!(value(&manual, &store, 1), Some(22), "the old tags don't concern it any more");
    tags.invalidate("digit:2");
    assert_eq!(value(&manual, &store, 1), None);
    manual.block_on(store.put(1, 33)).unwrap();
    assert!(manual.block_on(store.remove(&1)).unwrap());
    assert_eq!(value(&manual, &store, 1), None);
    assert!(!manual.block_on(store.remove(&1)).unwrap(), "there was no second one");
}

#[test]
fn tags_can_be_given_with_the_write_and_with_the_fill() {
    let (env, manual) = Env::manual();
    let store: Tagged<_, _> = engine(&env).tagged(|_: &u64, _: &u64| [] as [Tag; 0]);
    let many: Vec<_> = (0..9).map(|n| Tag::new(format!("tag {n}"))).collect();
    for tag in &many {
        manual.block_on(store.insert_tagged(1, 1.into(), &many)).unwrap();
        let lease = manual.block_on(store.lease(&2)).unwrap();
        let filled = manual.block_on(store.fill_tagged(2, 2.into(), lease, &many)).unwrap();
        assert!(filled.is_stored());
        assert_eq!((value(&manual, &store, 1), value(&manual, &store, 2)), (Some(1), Some(2)));
        let lease = manual.block_on(store.lease(&2)).unwrap();
        store.invalidate_tag(*tag);
        assert_eq!((value(&manual, &store, 1), value(&manual, &store, 2)), (None, None));
        let filled = manual.block_on(store.fill_tagged(2, 2.into(), lease, &many)).unwrap();
        assert_eq!(filled, Filled::Void);
    }
}

#[test]
fn all_is_dropped_in_one_step_from_every_store_that_shares_the_tags() {
    let (env, manual) = Env::manual();
    let tags = Tags::new();
    let stores = [engine(&env).tagged_in(&tags, name), engine(&env).tagged_in(&tags, name)];
    let apart = engine(&env).tagged(name);
    let leases = stores.each_ref().map(|store| {
        manual.block_on(store.put(1, 1)).unwrap();
        manual.block_on(store.lease(&2)).unwrap()
    });
    manual.block_on(apart.put(1, 1)).unwrap();
    tags.invalidate_all();
    for (store, lease) in stores.iter().zip(leases) {
        assert_eq!(value(&manual, store, 1), None);
        assert_eq!(manual.block_on(store.fill(2, 2.into(), lease)).unwrap(), Filled::Void);
        manual.block_on(store.put(1, 1)).unwrap();
        tags.invalidate("digit:7");
        assert_eq!(value(&manual, store, 1), Some(1));
    }
    assert_eq!(value(&manual, &apart, 1), Some(1));
}

#[test]
fn a_copy_in_a_nearer_tier_is_dropped_with_its_original() {
    let (env, manual) = Env::manual();
    let tiers = engine(&env).fronted_by(engine(&env)).shared();
    let store = tiers.clone().tagged(name);
    manual.block_on(tiers.far().put(9, Stamped::new(9, Stamp::from_words(&[0]).unwrap()))).unwrap();
    assert_eq!(value(&manual, &store, 9), None, "what others stamped is not to be trusted");
    manual.block_on(store.put(1, 1)).unwrap();
    tiers.near().remove(&1);
    assert_eq!(value(&manual, &store, 1), Some(1), "promoted");
    assert!(tiers.near().contains(&1));
    store.invalidate_tag("digit:1");
    assert_eq!(value(&manual, &store, 1), None);
    let lease = manual.block_on(store.lease(&1)).unwrap();
    assert!(manual.block_on(store.fill(1, 21.into(), lease)).unwrap().is_stored());
    tiers.near().remove(&1);
    assert_eq!(value(&manual, &store, 1), Some(21), "the far tier kept the stamp");
}

/// A far tier of bytes: the stamp travels inside the value.
#[test]
fn a_stamp_survives_a_codec() {
    struct Words;
    impl Codec for Words {
        type Plain = Stamped<u64>;
        type Encoded = Vec<u64>;
        fn encode(&self, plain: &Stamped<u64>, _: &Context<'_>) -> Result<Vec<u64>> {
            Ok([vec![*plain.value()], plain.stamp().to_words()].concat())
        }
        fn decode(&self, encoded: &Vec<u64>, _: &Context<'_>) -> Result<Stamped<u64>> {
            let read = |words: &[u64]| Some(Stamped::new(*words.first()?, Stamp::from_words(&words[1..])?));
            read(encoded).ok_or_else(|| Error::new(ErrorKind::Codec, "decoding"))
        }
    }
    let (env, manual) = Env::manual();
    let far = MapStore::<String, Vec<u64>>::new(&env).encode(Words).keyed(u64::to_string);
    let store = far.fronted_by(engine(&env)).tagged(name);
    (0..20).for_each(|key| manual.block_on(store.put(key, key)).unwrap());
    store.inner().near().clear();
    store.invalidate_tag("digit:4");
    assert!((0..20).all(|key| value(&manual, &store, key).is_some() == (key % 10 != 4)));
}

#[test]
fn a_restart_trusts_nothing_that_was_stored_before_it() {
    let (env, manual) = Env::manual();
    let far = engine(&env).shared();
    let before = far.clone().tagged(name);
    manual.block_on(before.put(1, 1)).unwrap();
    before.invalidate_tag("odd:1");
    let after = far.tagged(name);
    assert_eq!(value(&manual, &after, 1), None);
}

#[test]
fn a_lease_of_other_tags_or_none_is_void() {
    let (env, manual) = Env::manual();
    let inner = engine(&env).shared();
    let store = inner.clone().tagged(name);
    let other = inner.clone().tagged(name);
    let foreign = |key| manual.block_on(other.lease(&key)).unwrap();
    let bare = |key| manual.block_on(inner.lease(&key)).unwrap();
    let own = |key| manual.block_on(store.lease(&key)).unwrap();
    let future = {
        let [kind, now] = own(1).split().0.stamp();
        Lease::new([kind, now + 1]).and(bare(1))
    };
    for lease in [foreign(1), bare(1), own(1).split().0, future] {
        assert_eq!(manual.block_on(store.fill(1, 1.into(), lease)).unwrap(), Filled::Void);
    }
    assert!(manual.block_on(store.fill(1, 1.into(), own(1))).unwrap().is_stored());
}

#[test]
fn errors_of_the_wrapped_store_are_passed_on() {
    let (env, manual) = Env::manual();
    let inner = Faulty::new(engine(&env), &env);
    let faults = inner.faults();
    let store = inner.tagged(name);
    manual.block_on(store.put(1, 1)).unwrap();
    store.invalidate_tag("odd:1");
    faults.on(Op::Lease).fail();
    assert_eq!(kind(manual.block_on(store.value(&1))), Err(ErrorKind::Store), "no lease to replace it");
    assert_eq!(kind(manual.block_on(store.get_many(&[1])).map(drop)), Err(ErrorKind::Store));
    assert!(manual.block_on(store.get(&2)).is_ok());
    faults.on_any().fail();
    assert_eq!(kind(manual.block_on(store.put(1, 1))), Err(ErrorKind::Store));
    assert_eq!(kind(manual.block_on(store.flush())), Err(ErrorKind::Store));
}

#[test]
fn a_tagged_store_conforms() {
    let (env, manual) = Env::manual();
    let options = || Options::manual(|n| n, |n| n, &manual);
    let make = async || MapStore::<u64, Stamped<u64>>::new(&env).tagged(name);
    manual.block_on(conforms(make, &options()));
    let make = async || {
        let store = engine(&env).tagged(name);
        store.invalidate_tag("something");
        store
    };
    manual.block_on(conforms(make, &options().coarse_leases()));
    let make = async || MapStore::new(&env).fronted_by(engine(&env)).tagged(name);
    manual.block_on(conforms(make, &options().coarse_leases()));
}

#[derive(Clone, Debug)]
enum Step {
    Put(u64, u64),
    Remove(u64),
    Lease(u64),
    Fill(u64),
    Forget(u64),
    Invalidate(u64),
    Merge(u64, u64),
    All,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..8_u64, 0..100_u64).prop_map(|(key, value)| Step::Put(key, value)),
        1 => (0..8_u64).prop_map(Step::Remove),
        3 => (0..8_u64).prop_map(Step::Lease),
        3 => (0..100_u64).prop_map(Step::Fill),
        2 => (0..8_u64).prop_map(Step::Forget),
        3 => (0..10_u64).prop_map(Step::Invalidate),
        1 => (0..10_u64, 0..5_u64).prop_map(|(digit, version)| Step::Merge(digit, version)),
        1 => any::<bool>().prop_map(|_| Step::All),
    ]
}

/// The plain model: an entry knows the moment of its lease, a tag the moment of its last invalidation.
#[derive(Default)]
struct Model {
    moment: u64,
    entries: std::collections::HashMap<u64, (u64, u64)>,
    written: std::collections::HashMap<u64, u64>,
    digits: [u64; 10],
    told: [Option<u64>; 10],
    all: u64,
}

impl Model {
    fn is_good(&self, value: u64, since: u64) -> bool {
        since > self.all && since > self.digits[(value % 10) as usize]
    }

    fn value(&self, key: u64) -> Option<u64> {
        let (value, since) = self.entries.get(&key)?;
        self.is_good(*value, *since).then_some(*value)
    }

    fn write(&mut self, key: u64, entry: Option<(u64, u64)>) {
        self.written.insert(key, self.moment);
        match entry {
            Some(entry) => self.entries.insert(key, entry),
            None => self.entries.remove(&key),
        };
    }

    fn fills(&self, key: u64, value: u64, since: u64) -> bool {
        self.is_good(value, since) && self.written.get(&key).is_none_or(|written| since > *written)
    }
}

/// Runs the steps on tiers of exact leases and on the model.
fn agree(steps: Vec<Step>) {
    let (env, manual) = Env::manual();
    let tags = Tags::new();
    let tiers = MapStore::new(&env).fronted_by(MapStore::new(&env));
    let store = tiers.tagged_in(&tags, |_: &u64, value: &u64| [format!("digit:{}", value % 10)]);
    let (mut model, mut leases) = (Model::default(), Vec::new());
    for step in steps {
        model.moment += 1;
        let moment = model.moment;
        match step {
            Step::Put(key, value) => {
                manual.block_on(store.put(key, value)).unwrap();
                model.write(key, Some((value, moment)));
            }
            Step::Remove(key) => {
                manual.block_on(store.remove(&key)).unwrap();
                model.write(key, None);
            }
            Step::Lease(key) => leases.push((key, moment, manual.block_on(store.lease(&key)).unwrap())),
            Step::Fill(value) if !leases.is_empty() => {
                let (key, since, lease) = leases.swap_remove(value as usize % leases.len());
                let filled = manual.block_on(store.fill(key, value.into(), lease)).unwrap();
                assert_eq!(filled.is_stored(), model.fills(key, value, since));
                if filled.is_stored() {
                    model.write(key, Some((value, since)));
                }
            }
            Step::Fill(_) => {}
            Step::Forget(key) => {
                // The near copy goes, and with it the near part of its leases; the far tier must answer.
                leases.retain(|(leased, ..)| *leased != key);
                manual.block_on(store.inner().near().remove(&key)).unwrap();
            }
            Step::Invalidate(digit) => {
                tags.invalidate(format!("digit:{digit}"));
                model.digits[digit as usize] = moment;
            }
            Step::Merge(digit, version) => {
                let told = &mut model.told[digit as usize];
                let news = told.is_none_or(|told| version > told);
                assert_eq!(tags.merge(format!("digit:{digit}"), version), news);
                if news {
                    *told = Some(version);
                    model.digits[digit as usize] = moment;
                }
            }
            Step::All => {
                tags.invalidate_all();
                model.all = moment;
            }
        }
        for key in 0..8 {
            assert_eq!(value(&manual, &store, key), model.value(key));
        }
    }
}

proptest! {
    #[test]
    fn tags_over_tiers_agree_with_the_model(steps in proptest::collection::vec(step(), 1..120)) {
        agree(steps);
    }
}
