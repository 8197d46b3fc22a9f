//! The setting, the table, and what to notice in it.

use std::cmp::Ordering;
use std::time::Duration;

use comfy_table::{Cell, CellAlignment, Table, presets};

use crate::database::Database;
use crate::options::Options;
use crate::runs::{Capacities, Outcome, Tier};
use crate::trace::Requests;
use crate::units;

/// What is replayed, on what, by whom.
pub(crate) fn setting(
    options: &Options,
    requests: &Requests,
    database: &Database,
    capacities: Capacities,
) -> String {
    let keys = units::of(requests.keys(), "key");
    let requested = units::of(requests.len() as u64, "request");
    let rows = units::of(database.rows, "product");
    let shared = if database.rows < requests.keys() { " (some keys share one)" } else { "" };
    let (bytes, took) = (units::bytes(database.bytes), units::duration(database.took));
    let single = units::of(capacities.single, "product");
    let share = units::percent(capacities.single as f64 / requests.keys().max(1) as f64);
    let (near, far) = (units::count(capacities.near), units::count(capacities.far));
    let (about, clients) = (requests.about(), options.clients);
    format!(
        "trace      {requested} for {keys}\n           \
                    {about}\n\
         database   SQLite: {rows}{shared}, {bytes}, filled in {took}\n\
         clients    {clients} at once, each taking the next request of the trace\n\
         one tier   {single}, room for {share} of the keys\n\
         two tiers  near: {near}, as they are; far: {far}, as bytes under names, as on a server, but\n           \
                    in this process: no network is between\n"
    )
}

/// One row for each configuration, and one for each tier.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let heads = ["", "entries", "requests", "hit rate", "queries", "requests/s", "p50", "p99", "p99.9"];
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(right(heads.map(String::from)));
    for outcome in outcomes {
        table.add_row(right(row(outcome)));
        for tier in outcome.tiers.iter().flatten() {
            table.add_row(right(tier_row(outcome, tier)));
        }
    }
    let mut lines: Vec<_> =
        table.lines().map(|line| line.trim_end().chars().skip(1).collect::<String>()).collect();
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
    lines.insert(1, "─".repeat(width));
    lines.join("\n") + "\n\n"
}

fn row(outcome: &Outcome) -> [String; 9] {
    let replayed = &outcome.replayed;
    let cached = outcome.capacity.is_some() || outcome.tiers.is_some();
    let latency = |quantile| units::duration(latency(outcome, quantile));
    [
        outcome.title.to_owned(),
        outcome.capacity.map(units::count).unwrap_or_default(),
        units::count(outcome.requests),
        if cached { units::percent(outcome.hit_rate()) } else { "–".to_owned() },
        units::count(outcome.queries),
        units::rate(outcome.requests, replayed.elapsed),
        latency(0.5),
        latency(0.99),
        latency(0.999),
    ]
}

fn tier_row(outcome: &Outcome, tier: &Tier) -> [String; 9] {
    let mut row = <[String; 9]>::default();
    row[0] = format!("  {}", tier.title);
    row[1] = units::count(tier.capacity);
    row[3] = units::percent(tier.hits as f64 / outcome.requests.max(1) as f64);
    row
}

/// The first cell to the left, the others to the right.
fn right(cells: [String; 9]) -> Vec<Cell> {
    let aligned = |(at, cell): (usize, String)| {
        Cell::new(cell).set_alignment(if at == 0 { CellAlignment::Left } else { CellAlignment::Right })
    };
    cells.into_iter().enumerate().map(aligned).collect()
}

/// What the numbers say, in sentences that are true of these numbers.
pub(crate) fn what_to_notice([alone, lru, default, tiers]: &[Outcome; 4]) -> String {
    [by_policy(lru, default), by_latency(alone, default), by_tier(tiers)]
        .map(|note| format!("· {note}\n"))
        .concat()
}

fn by_latency(alone: &Outcome, default: &Outcome) -> String {
    let (cached, uncached) = (latency(default, 0.5), latency(alone, 0.5));
    let (cached, uncached) = (units::duration(cached), units::duration(uncached));
    if default.hit_rate() > 0.5 {
        format!(
            "Half of W-TinyLFU's answers take {cached} or less, as they are hits; the database alone needs\n  \
             {uncached}. The p99 is still a query: a cache makes most answers fast, not the first one."
        )
    } else {
        format!(
            "With a hit rate below 50 % the median answer is a query: {cached} with W-TinyLFU, {uncached} from\n  \
             the database alone. More capacity, or more requests, would change that."
        )
    }
}

fn by_tier(tiers: &Outcome) -> String {
    let share = |tier: &Tier| units::percent(tier.hits as f64 / tiers.requests.max(1) as f64);
    let [near, far] = tiers.tiers.as_ref().map_or_else(Default::default, |tiers| tiers.each_ref().map(share));
    format!("Of all requests the near tier answers {near}, the far one {far}: each counts for itself.")
}

fn by_policy(lru: &Outcome, default: &Outcome) -> String {
    let spared = |less: u64, more: u64| units::percent((more - less) as f64 / more as f64);
    let (lru, default) = (lru.queries, default.queries);
    match lru.cmp(&default) {
        Ordering::Less => format!(
            "In the same room, LRU spares the database {} of the queries that W-TinyLFU lets through:\n  \
             what was asked for last is asked for next in this trace.",
            spared(lru, default)
        ),
        Ordering::Equal => "LRU and W-TinyLFU let as many queries through.".to_owned(),
        Ordering::Greater => format!(
            "In the same room, W-TinyLFU spares the database {} of the queries that LRU lets through.",
            spared(default, lru)
        ),
    }
}

fn latency(outcome: &Outcome, quantile: f64) -> Duration {
    Duration::from_nanos(outcome.replayed.latencies.value_at_quantile(quantile))
}
