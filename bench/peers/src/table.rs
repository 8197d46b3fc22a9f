//! The tables, for people and for machines.

use larder_bench::timing::Standing;

use crate::peers::{limits, quick};
use crate::scenarios::Scenario;
use crate::tail::Tail;

/// What was found out about one contestant in one scenario.
pub struct Row {
    /// The scenario.
    pub scenario: String,
    /// With how many threads.
    pub threads: usize,
    /// Who.
    pub contestant: String,
    /// Million operations a second, of all threads together.
    pub mops: Option<f64>,
    /// How many times as fast as the fastest rival; rivals compare themselves with it, too.
    pub to_best_peer: Option<f64>,
    /// How many times as fast as quick_cache.
    pub to_quick_cache: Option<f64>,
    /// Of its look-ups, or of its operations where inserts count as hits.
    pub hit_ratio: Option<f64>,
    /// Beyond the 16 of the entry itself.
    pub bytes_per_entry: Option<f64>,
}

/// Whether a row is neither ours nor a limit.
pub fn is_rival(name: &str) -> bool {
    !name.starts_with("larder") && !limits::is_limit(name)
}

/// The rows of one scenario with one number of threads.
pub fn rows(scenario: &Scenario, threads: usize, standings: &[Standing]) -> Vec<Row> {
    let rivals = standings.iter().filter(|standing| is_rival(&standing.name));
    let best = rivals.min_by(|one, other| one.nanos().total_cmp(&other.nanos()));
    let quick = standings.iter().find(|standing| standing.name == quick::NAME);
    let row = |standing: &Standing| Row {
        scenario: scenario.name.to_owned(),
        threads,
        contestant: standing.name.clone(),
        mops: Some(threads as f64 * 1e3 / standing.nanos()),
        to_best_peer: best.map(|best| best.ratio_to(standing)),
        to_quick_cache: quick.map(|quick| quick.ratio_to(standing)),
        hit_ratio: Some(standing.hit_rate()),
        bytes_per_entry: None,
    };
    standings.iter().map(row).collect()
}

/// The rows of the memory table.
pub fn byte_rows(bytes: &[(&str, f64)]) -> Vec<Row> {
    let row = |(name, bytes): &(&str, f64)| Row {
        scenario: "bytes-per-entry".to_owned(),
        threads: 1,
        contestant: (*name).to_owned(),
        mops: None,
        to_best_peer: None,
        to_quick_cache: None,
        hit_ratio: None,
        bytes_per_entry: Some(*bytes),
    };
    bytes.iter().map(row).collect()
}

/// The rows of the slowest operations: as if all were as slow.
pub fn tail_rows(tails: &[Tail]) -> Vec<Row> {
    let one = |scenario: &str, of: fn(&Tail) -> u64| -> Vec<Row> {
        let best = tails.iter().filter(|tail| is_rival(tail.name)).map(of).min();
        let quick = tails.iter().find(|tail| tail.name == quick::NAME).map(of);
        let row = |tail: &Tail| {
            let nanos = of(tail) as f64;
            Row {
                scenario: scenario.to_owned(),
                threads: 1,
                contestant: tail.name.to_owned(),
                mops: Some(1e3 / nanos),
                to_best_peer: best.map(|best| best as f64 / nanos),
                to_quick_cache: quick.map(|quick| quick as f64 / nanos),
                hit_ratio: None,
                bytes_per_entry: None,
            }
        };
        tails.iter().map(row).collect()
    };
    let mut rows = one("tail-p99.99", |tail| tail.p9999);
    rows.extend(one("tail-worst", |tail| tail.worst));
    rows
}

/// The head of the csv form.
pub const CSV_HEAD: &str =
    "scenario,threads,contestant,mops,ratio_to_best_peer,ratio_to_quick_cache,hit_ratio,bytes_per_entry";

/// One line of the csv form. Names with a comma are quoted.
pub fn csv(row: &Row) -> String {
    let number = |number: Option<f64>| number.map_or(String::new(), |number| format!("{number:.4}"));
    format!(
        "{},{},\"{}\",{},{},{},{},{}",
        row.scenario,
        row.threads,
        row.contestant,
        number(row.mops),
        number(row.to_best_peer),
        number(row.to_quick_cache),
        number(row.hit_ratio),
        number(row.bytes_per_entry)
    )
}

/// A table for people.
pub fn print(title: &str, rows: &[Row]) {
    println!("\n{title}");
    println!("  {:<44} {:>8} {:>9} {:>12} {:>7}", "", "Mops/s", "best peer", "quick_cache", "hits");
    for row in rows {
        let times = |ratio: Option<f64>| ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2} x"));
        let hits = row.hit_ratio.map_or("-".to_owned(), |ratio| format!("{:.1}%", ratio * 100.0));
        println!(
            "  {:<44} {:>8.2} {:>9} {:>12} {:>7}",
            row.contestant,
            row.mops.unwrap_or(f64::NAN),
            times(row.to_best_peer),
            times(row.to_quick_cache),
            hits
        );
    }
}

/// The table of bytes, for people.
pub fn print_bytes(rows: &[Row]) {
    println!("\nbytes-per-entry: u64 to u64, beyond its 16 bytes, a million kept and a million evicted");
    for row in rows {
        println!("  {:<44} {:>8.1}", row.contestant, row.bytes_per_entry.unwrap_or(f64::NAN));
    }
}

/// The table of slow operations, for people.
pub fn print_tails(operations: u64, tails: &[Tail]) {
    println!(
        "\ntail: nanoseconds of one look-up and insert on a miss, {operations} of them, the clock's own 25 included"
    );
    println!("  {:<44} {:>8} {:>9} {:>12}", "", "median", "p99.99", "worst");
    for tail in tails {
        println!("  {:<44} {:>8} {:>9} {:>12}", tail.name, tail.median, tail.p9999, tail.worst);
    }
}
