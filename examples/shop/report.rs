//! What runs, and what each configuration did.

use std::fmt::Write as _;
use std::time::Duration;

use crate::catalog::Kind;
use crate::clients::{CHANGES, EXPONENT, Outcome};
use crate::database::Database;
use crate::options::Options;
use crate::remote::Remote;
use crate::units;

/// What runs, in a few lines.
pub(crate) fn setting(options: &Options, database: &Database, remote: &Remote) -> String {
    let (products, near) = (units::of(options.products, "product"), units::of(options.near(), "product"));
    let time = units::duration(options.time());
    let build = if cfg!(debug_assertions) { "a debug build: run it with --release to measure\n" } else { "" };
    format!(
        "{build}database   {}\n\
         far tier   {}\n           \
                    values are compressed (Zstandard) and sealed (XChaCha20-Poly1305), 1 min\n\
         near tier  memory, {near}, 10 s\n\
         load       {products}, {} clients over HTTP, Zipf {EXPONENT}, 1 request in {CHANGES} a change; {time} each, from cold\n\n",
        database.about, remote.about, options.clients,
    )
}

/// One row for each configuration, and what follows from them.
pub(crate) fn table(outcomes: &[(Kind, Outcome, u64)], far: &str) -> String {
    let mut table = row(["", "requests/s", "p50", "p99", "memory", far, "queries", "per request"]);
    let _ = writeln!(table, "{}", "─".repeat(table.chars().count() - 1));
    for (kind, outcome, queries) in outcomes {
        let requests = outcome.requests();
        let latency =
            |quantile| units::duration(Duration::from_nanos(outcome.latencies.value_at_quantile(quantile)));
        let share = |source| match outcome.share(source) {
            0.0 => "–".to_owned(),
            share => units::percent(share),
        };
        table += &row([
            &kind.title(far),
            &units::rate(requests, outcome.elapsed),
            &latency(0.5),
            &latency(0.99),
            &share("memory"),
            &share("far"),
            &units::count(*queries),
            &format!("{:.3}", *queries as f64 / requests.max(1) as f64),
        ]);
    }
    table + &conclusion(outcomes, far)
}

fn row(cells: [&str; 8]) -> String {
    let [title, rate, p50, p99, memory, redis, queries, each] = cells;
    format!("{title:<15}{rate:>11}{p50:>9}{p99:>9}{memory:>9}{redis:>9}{queries:>10}{each:>13}\n")
}

/// The first row against the last.
fn conclusion(outcomes: &[(Kind, Outcome, u64)], far: &str) -> String {
    let (Some((_, alone, queries)), Some((kind, cached, fewer))) = (outcomes.first(), outcomes.last()) else {
        return String::new();
    };
    let rate = |outcome: &Outcome| outcome.requests() as f64 / outcome.elapsed.as_secs_f64();
    let each = |outcome: &Outcome, queries: u64| queries as f64 / outcome.requests().max(1) as f64;
    format!(
        "\n{}: {:.1} times the requests of no cache, {} of its queries for each\n",
        kind.title(far),
        rate(cached) / rate(alone),
        units::percent(each(cached, *fewer) / each(alone, *queries)),
    )
}
