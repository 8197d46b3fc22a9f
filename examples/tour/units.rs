//! Counts, shares, bytes and durations as people read them.

use std::time::Duration;

/// `1234567` as `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count and its noun: `1 load`, `1,000 loads`.
pub(crate) fn of(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `0.1234` as `12.3 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A duration with three significant digits.
pub(crate) fn duration(duration: Duration) -> String {
    let nanos = duration.as_nanos() as f64;
    let units = [("ns", 1.0), ("µs", 1e3), ("ms", 1e6)];
    match units.into_iter().find(|(_, unit)| nanos < 999.5 * unit) {
        Some((name, unit)) => format!("{} {name}", three_digits(nanos / unit)),
        None => format!("{} s", three_digits(nanos / 1e9)),
    }
}

/// Events per second, rounded to three significant digits.
pub(crate) fn rate(events: u64, time: Duration) -> String {
    let rate = events as f64 / time.as_secs_f64().max(1e-9);
    let digits = rate.max(1.0).log10().floor() as i32 - 2;
    let step = 10_f64.powi(digits.max(0));
    count(((rate / step).round() * step) as u64)
}

/// Bytes in decimal units.
pub(crate) fn bytes(bytes: u64) -> String {
    let bytes = bytes as f64;
    if bytes < 1e6 { format!("{:.0} kB", bytes / 1e3) } else { format!("{} MB", three_digits(bytes / 1e6)) }
}

fn three_digits(number: f64) -> String {
    match number {
        ..9.995 => format!("{number:.2}"),
        ..99.95 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}
