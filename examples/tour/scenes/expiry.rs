//! Expiry: a life for each entry, and a clock turned by hand.

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use larder::policies::Lru;
use larder::prelude::{Entry, Env, Memory, MemoryOptions};
use larder::{Cause, Manual};

use crate::units;

type Cache = Memory<&'static str, &'static str, Lru>;
type Leavers = Arc<Mutex<Vec<(&'static str, Cause)>>>;

const SECOND: Duration = Duration::from_secs(1);
/// The moments looked at, in seconds.
const MOMENTS: [(&str, u64); 6] =
    [("0 s", 0), ("9 s", 9), ("10 s", 10), ("59 s", 59), ("60 s", 60), ("1 year", 365 * 24 * 3600)];

/// A timeline of three lives, and who leaves when room is needed.
pub(crate) fn expiry() -> String {
    let began = Instant::now();
    let (cache, manual, _) = full_cache();
    let timeline = timeline(&cache, &manual);
    let leavers = who_leaves();
    let took = units::duration(began.elapsed());
    let leaver = match leavers.as_slice() {
        [(name, Cause::Expired)] => format!("{name} leaves, because it has expired"),
        [(name, cause)] => format!("{name} leaves ({cause:?})"),
        others => format!("{} entries leave", others.len()),
    };
    format!(
        "A cache with room for 3, whose default life is 60 s (● there, · gone):\n\n{timeline}\n\
         Then room is needed. At 9 s all three are used, token last; at 10 s the full cache takes in basket:\n\
         {leaver}, before config, which is alive but was used longest ago.\n\
         All this took {took}: the clock is handed in, so no test of Larder ever sleeps.\n"
    )
}

/// Three entries with a life of their own, by default, and without end.
fn full_cache() -> (Cache, Manual, Leavers) {
    let (env, manual) = Env::manual();
    let leavers = Leavers::default();
    let told = Arc::clone(&leavers);
    let cache = MemoryOptions::<&str, &str>::new(3)
        .ttl(60 * SECOND)
        .env(&env)
        .on_removal(move |name, _, cause| {
            told.lock().unwrap_or_else(PoisonError::into_inner).push((*name, cause));
        })
        .build(Lru::new);
    cache.insert_entry("config", Entry::new("dark mode").never_expires());
    cache.insert("session", "ann");
    cache.insert_entry("token", Entry::new("f00d").ttl(10 * SECOND));
    (cache, manual, leavers)
}

fn timeline(cache: &Cache, manual: &Manual) -> String {
    let mut rows = [("token", "10 s, its own"), ("session", "60 s, the default"), ("config", "without end")]
        .map(|(name, life)| (name, format!("  {name:<10}{life:<20}")));
    let mut head = format!("  {:<30}", "");
    let mut now = 0;
    for (label, moment) in MOMENTS {
        manual.advance(Duration::from_secs(moment - now));
        now = moment;
        let _ = write!(head, "{label:>8}");
        for (name, row) in &mut rows {
            let _ = write!(row, "{:>8}", if cache.contains(*name) { "●" } else { "·" });
        }
    }
    format!("{head}\n{}\n", rows.map(|(_, row)| row).join("\n"))
}

fn who_leaves() -> Vec<(&'static str, Cause)> {
    let (cache, manual, leavers) = full_cache();
    manual.advance(9 * SECOND);
    for name in ["config", "session", "token"] {
        cache.get(name);
    }
    manual.advance(SECOND);
    cache.insert("basket", "1 teapot");
    let left = leavers.lock().unwrap_or_else(PoisonError::into_inner);
    left.clone()
}
