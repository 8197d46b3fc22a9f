//! Rows of results, and the three ways to print them.

use std::fmt::Write as _;

use clap::Args;
use larder_lab::chunk::Totals;
use larder_lab::simulator::Weighing;
use larder_lab::tally::Tally;
use larder_lab::workload::Spec;
use serde::Serialize;

use crate::output::{aligned, csv_field};

/// One run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    trace: String,
    policy: &'static str,
    capacity: u64,
    unit: &'static str,
    requests: u64,
    hits: u64,
    misses: u64,
    miss_ratio: f64,
    /// Only where sizes are known.
    byte_miss_ratio: Option<f64>,
    /// Misses of what had expired. Only where anything can.
    expired: Option<u64>,
    /// What all loads take together. Only where the trace tells what loads cost.
    load_seconds: Option<f64>,
}

/// How to print them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    Text,
    Csv,
    Json,
}

/// How the user wants them printed.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Printing {
    /// Print comma-separated values
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Printing {
    pub(crate) const fn style(self) -> Style {
        match (self.csv, self.json) {
            (true, _) => Style::Csv,
            (_, true) => Style::Json,
            _ => Style::Text,
        }
    }
}

impl Row {
    pub(crate) fn new(trace: &str, spec: &Spec, tally: &Tally, totals: &Totals, use_sizes: bool) -> Self {
        Self {
            trace: trace.to_owned(),
            policy: spec.contender.name(),
            capacity: spec.capacity,
            unit: if spec.weighing == Weighing::Sizes { "bytes" } else { "objects" },
            requests: tally.requests,
            hits: tally.hits(),
            misses: tally.misses,
            miss_ratio: tally.miss_ratio(),
            byte_miss_ratio: (use_sizes && totals.sized).then(|| tally.byte_miss_ratio()),
            expired: (totals.mortal > 0).then_some(tally.expired),
            load_seconds: totals.mean_cost().map(|mean| tally.load_seconds(mean)),
        }
    }

    fn byte_cell(&self) -> String {
        self.byte_miss_ratio.map_or_else(String::new, |ratio| format!("{ratio:.6}"))
    }
}

/// All rows.
pub(crate) fn printed(rows: &[Row], style: Style) -> String {
    match style {
        Style::Text => text(rows),
        Style::Csv => csv(rows),
        Style::Json => serde_json::to_string_pretty(rows).map_or_else(|_| String::new(), |json| json + "\n"),
    }
}

/// A column's title, and what a row has there.
type Column = (&'static str, fn(&Row) -> String);

/// The columns that only some traces have: shown where any of the rows has them.
fn extras(rows: &[Row]) -> Vec<Column> {
    let mut extras: Vec<Column> = Vec::new();
    if rows.iter().any(|row| row.expired.is_some()) {
        extras.push(("expired", |row| row.expired.map_or_else(String::new, |misses| misses.to_string())));
    }
    if rows.iter().any(|row| row.load_seconds.is_some()) {
        extras.push(("load_seconds", |row| {
            row.load_seconds.map_or_else(String::new, |all| format!("{all:.6}"))
        }));
    }
    extras
}

fn csv(rows: &[Row]) -> String {
    let extras = extras(rows);
    let mut text = String::from("trace,policy,capacity,requests,misses,miss_ratio,byte_miss_ratio");
    extras.iter().for_each(|(title, _)| text.extend([",", title]));
    text.push('\n');
    for row in rows {
        let (trace, bytes) = (csv_field(&row.trace), row.byte_cell());
        let Row { policy, capacity, requests, misses, miss_ratio, .. } = row;
        let _ = write!(text, "{trace},{policy},{capacity},{requests},{misses},{miss_ratio:.6},{bytes}");
        extras.iter().for_each(|(_, cell)| text.extend([",", &cell(row)]));
        text.push('\n');
    }
    text
}

fn text(rows: &[Row]) -> String {
    let extras = extras(rows);
    let mut titles = vec![
        "trace",
        "policy",
        "capacity",
        "",
        "requests",
        "hits",
        "misses",
        "miss ratio",
        "byte miss ratio",
    ];
    titles
        .extend(extras.iter().map(|(title, _)| if *title == "expired" { "expired" } else { "load seconds" }));
    let cells = rows.iter().map(|row| {
        let mut cells = vec![
            row.trace.clone(),
            row.policy.to_owned(),
            row.capacity.to_string(),
            row.unit.to_owned(),
            row.requests.to_string(),
            row.hits.to_string(),
            row.misses.to_string(),
            format!("{:.6}", row.miss_ratio),
            row.byte_cell(),
        ];
        cells.extend(extras.iter().map(|(_, cell)| cell(row)));
        cells
    });
    aligned(&titles, &cells.collect::<Vec<_>>())
}
