//! The setting, the table, and what to notice in it.

use std::fmt::Write as _;
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
    let (keys, near, far) = (requests.keys(), capacities.near, capacities.far);
    let share = units::percent(capacities.single as f64 / keys.max(1) as f64);
    format!(
        "trace     {}\n          {} for {}\n\
         database  SQLite, {}, {}, filled in {}\n\
         clients   {}, each asking for the next product of the trace\n\
         caches    one tier: {} ({share} of the keys)\n          \
                   two tiers: {} near; {} far, kept as bytes as on a server,\n          \
                   but in this process: no network is simulated\n",
        requests.about(),
        units::of(requests.len() as u64, "request"),
        units::of(keys, "key"),
        units::of(database.rows, "product"),
        units::bytes(database.bytes),
        units::duration(database.took),
        units::of(options.clients.into(), "client"),
        units::of(capacities.single, "product"),
        units::count(near),
        units::count(far),
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
    let mut lines: Vec<_> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
    lines.insert(1, "─".repeat(width));
    lines.join("\n") + "\n"
}

fn row(outcome: &Outcome) -> [String; 9] {
    let replayed = &outcome.replayed;
    let cached = outcome.capacity.is_some() || outcome.tiers.is_some();
    let latency = |quantile| units::duration(latency(outcome, quantile));
    [
        outcome.title.to_owned(),
        outcome.capacity.map(units::count).unwrap_or_default(),
        units::count(outcome.requests),
        if cached { units::percent(outcome.hit_rate()) } else { "none".to_owned() },
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
    let mut text = String::new();
    let (less, time) = (default.queries.min(lru.queries), latency(default, 0.5));
    let _ = match lru.queries.cmp(&default.queries) {
        std::cmp::Ordering::Equal => writeln!(
            text,
            "* LRU and W-TinyLFU let the same {} through.",
            units::of(less, "query").replace("querys", "queries")
        ),
        order => {
            let (winner, loser, more) = match order {
                std::cmp::Ordering::Less => ("LRU", "W-TinyLFU", default.queries),
                _ => ("W-TinyLFU", "LRU", lru.queries),
            };
            let spared = units::percent((more - less) as f64 / more as f64);
            writeln!(
                text,
                "* In the same room, {winner} spares the database {spared} of the queries that {loser} lets through."
            )
        }
    };
    let _ = writeln!(
        text,
        "* Half of all answers of W-TinyLFU take {} or less; of the database alone, {}.",
        units::duration(time),
        units::duration(latency(alone, 0.5)),
    );
    if let Some([near, far]) = &tiers.tiers {
        let _ = writeln!(
            text,
            "* The near tier answers {} of the requests, the far one {}: each level is counted by itself.",
            units::percent(near.hits as f64 / tiers.requests.max(1) as f64),
            units::percent(far.hits as f64 / tiers.requests.max(1) as f64),
        );
    }
    text
}

fn latency(outcome: &Outcome, quantile: f64) -> Duration {
    Duration::from_nanos(outcome.replayed.latencies.value_at_quantile(quantile))
}
