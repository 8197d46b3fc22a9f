//! Two tiers: a hit in the near one.

use std::hint::black_box;

use larder::patterns::PatternExt;
use larder::policies::Lru;
use larder::{Memory, Store, StoreExt};

use super::hits::{Page, filled, page, requests_for};
use super::yardsticks;
use crate::contestant::Contestant;
use crate::polled::polled;
use crate::setting::Setting;
use crate::workload::{Requests, shuffled, string};

const RANKS: u64 = 10_000;

pub(super) fn contestants(setting: Setting) -> Vec<Contestant> {
    let requests = Requests::zipf(RANKS, requests_for(RANKS), string);
    let near = move || filled(setting.roomy(RANKS), Lru::new, entries());
    let far = || Memory::<String, Page, Lru>::new(1, Lru::new);
    vec![
        yardsticks::map(&requests, entries),
        Contestant::new("near tier alone, Memory::get", &requests, move || {
            let memory = near();
            move |key: &String| black_box(memory.get(key)).is_some()
        }),
        got("two tiers", &requests, move || far().fronted_by(near())),
        got("two tiers, the far one erased", &requests, move || far().into_dyn().fronted_by(near())),
        got("two tiers, both erased", &requests, move || far().fronted_by(near()).into_dyn()),
    ]
}

fn entries() -> impl Iterator<Item = (String, Page)> {
    shuffled(RANKS).into_iter().map(|rank| (string(rank), page(rank)))
}

fn got<S: Store<Key = String, Value = Page>>(
    name: &str,
    requests: &Requests<String>,
    store: impl FnOnce() -> S + 'static,
) -> Contestant {
    Contestant::new(name, requests, move || {
        let store = store();
        move |key: &String| black_box(polled(store.get(key))).is_ok_and(|found| found.is_hit())
    })
}
