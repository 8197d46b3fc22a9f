//! Bytes an entry: what a process of its own grows by.

use std::process::Command;

use crate::peer::{Peer, PeerKey, PeerValue, field};

/// Entries kept; as many again are evicted.
const CAPACITY: u64 = 1_000_000;

/// What an entry of two u64 can't do without.
const OWN: f64 = 16.0;

/// How a process of its own is told that it is one.
pub const FLAG: &str = "--bytes-of";

/// The bytes beyond its own 16 that each cache spends on an entry of two u64, after a million evictions.
pub fn bytes_per_entry() -> Vec<(&'static str, f64)> {
    let names = field!(caches: u64, u64, name());
    names.into_iter().filter_map(|name| Some((name, asked(name)?))).collect()
}

/// What the process that was told [`FLAG`] prints.
pub fn be_measured(wanted: &str) {
    field!(caches: u64, u64, measure(wanted));
}

fn name<P: Peer<K, V>, K, V>() -> &'static str {
    P::NAME
}

fn asked(name: &str) -> Option<f64> {
    let output = Command::new(std::env::current_exe().ok()?).args([FLAG, name]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

fn measure<P: Peer<K, V>, K: PeerKey + From<u64>, V: PeerValue + From<u64>>(wanted: &str) {
    if P::NAME != wanted {
        return;
    }
    let before = resident();
    let cache = P::with_room_for(CAPACITY);
    for number in 0..2 * CAPACITY {
        cache.insert(K::from(number), V::from(number));
    }
    let grown = resident().saturating_sub(before) as f64;
    // Some keep fewer than they have room for.
    let kept = (0..2 * CAPACITY).filter(|number| cache.get(&K::from(*number)).is_some()).count();
    println!("{}", grown / kept as f64 - OWN);
}

/// Bytes of memory this process has in use, as Linux tells it.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}
