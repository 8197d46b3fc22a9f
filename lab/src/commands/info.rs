//! `larder info`: what a trace is like.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;
use larder_lab::capacity::human;
use larder_lab::profile::Profile;
use serde_json::json;

use crate::arguments::OneTrace;
use crate::failure::Failure;
use crate::output::print;
use crate::progress::{Progress, stopped, watch};

/// Counts, unique keys, sizes, one-hit wonders and time span of a trace
#[derive(Args)]
pub(crate) struct Info {
    #[command(flatten)]
    trace: OneTrace,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Info {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let trace = self.trace.open()?;
        let format = trace.format().name;
        let progress = Progress::start("reading", None);
        let profile = Profile::of(trace, &watch())?;
        drop(progress);
        let name = self.trace.name();
        print(&if self.json { json(&name, format, &profile) } else { text(&name, format, &profile) })?;
        stopped(|| format!("what is told is of the first {} requests", profile.requests))
    }
}

fn json(name: &str, format: &str, profile: &Profile) -> String {
    let sizes = profile.sizes.map(|sizes| {
        json!({
            "requested": sizes.requested, "unique": sizes.unique, "smallest": sizes.smallest,
            "median": sizes.median, "largest": sizes.largest,
        })
    });
    let info = json!({
        "trace": name, "format": format, "requests": profile.requests, "unique": profile.unique,
        "one_hit_wonders": profile.one_hit_wonders, "bytes": sizes,
        "seconds": profile.span.map(|span| span.as_secs_f64()),
        "with_ttl": profile.with_ttl, "with_cost": profile.with_cost,
    });
    format!("{info:#}\n")
}

fn text(name: &str, format: &str, profile: &Profile) -> String {
    let mut text = String::new();
    let mut line = |what: &str, value: String| {
        let _ = writeln!(text, "{what:<19}{value}");
    };
    line("trace", name.to_owned());
    line("format", format.to_owned());
    line("requests", profile.requests.to_string());
    line("unique keys", format!("{}, each asked for {:.1} times", profile.unique, profile.requests_a_key()));
    let part = profile.one_hit_ratio() * 100.0;
    line("one-hit wonders", format!("{}, {part:.1}% of the keys", profile.one_hit_wonders));
    match profile.sizes {
        Some(sizes) => {
            line("bytes requested", format!("{} ({})", sizes.requested, human(sizes.requested)));
            line("bytes of all keys", format!("{} ({})", sizes.unique, human(sizes.unique)));
            line(
                "size of a key",
                format!("{} to {}, median {}", sizes.smallest, sizes.largest, sizes.median),
            );
        }
        None => line("sizes", "not told".to_owned()),
    }
    line("time span", profile.span.map_or_else(|| "not told".to_owned(), spoken));
    if profile.with_ttl > 0 {
        line("with a TTL", format!("{} requests", profile.with_ttl));
    }
    if profile.with_cost > 0 {
        line("with a load cost", format!("{} requests", profile.with_cost));
    }
    text
}

/// A time as people say it: its two largest units.
pub(crate) fn spoken(time: Duration) -> String {
    const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let seconds = time.as_secs();
    if seconds < 10 {
        return format!("{:.3} s", time.as_secs_f64());
    }
    let largest = UNITS.iter().position(|(_, unit)| seconds >= *unit).unwrap_or(3);
    let (name, unit) = UNITS[largest];
    let first = format!("{} {name}", seconds / unit);
    match UNITS.get(largest + 1) {
        Some((name, smaller)) if seconds % unit >= *smaller => {
            format!("{first} {} {name}", seconds % unit / smaller)
        }
        _ => first,
    }
}
