//! Instructions: this program runs itself under a counter, once with n operations and once with 2 n, and takes the
//! difference. Exact to a fraction of an instruction, whatever else the machine does.

use std::process::Command;

use crate::contestant::Contestant;
use crate::options::Options;
use crate::report::{Report, Row};
use crate::scenarios::Scenario;
use crate::setting::Setting;

const COUNTER: &str = "valgrind";
/// How many operations before the counted ones: tables reach their size, marks saturate.
const WARM_UP: u64 = 20_000;

/// Looks whether there is a counter.
pub(crate) fn find_counter() -> Result<(), String> {
    let found = Command::new(COUNTER).arg("--version").output();
    match found {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(format!("instructions are counted by {COUNTER}, which is not installed here")),
    }
}

/// Counts for every contestant of `scenario`.
pub(crate) fn count(scenario: &Scenario, options: &Options, report: &mut Report) -> Result<(), String> {
    let operations = if options.quick { 10_000 } else { 50_000 };
    report.scenario(scenario, 1);
    let mut yardstick = None;
    for (index, contestant) in (scenario.contestants)(Setting::COUNTED).iter().enumerate() {
        let [once, twice] =
            [operations, 2 * operations].map(|operations| counted(scenario.name, index, operations));
        let cost = twice?.saturating_sub(once?) as f64 / operations as f64;
        let ratio = cost / *yardstick.get_or_insert(cost);
        let contestant = contestant.name.clone();
        report.row(&Row { contestant, threads: 1, cost, ratio, hit_rate: None });
    }
    Ok(())
}

/// In the counted process: does the operations.
pub(crate) fn be_counted(
    scenario: &Scenario,
    options: &Options,
    contestant: usize,
    operations: u64,
) -> Result<(), String> {
    let found = (scenario.contestants)(Setting::COUNTED).into_iter().nth(contestant);
    let Some(contestant) = found.filter(|_| scenario.name == options.only).map(Contestant::ready) else {
        return Err("no such contestant".to_owned());
    };
    std::hint::black_box(contestant.run(0, WARM_UP + operations));
    Ok(())
}

/// The instructions of a whole process with so many operations.
fn counted(scenario: &str, contestant: usize, operations: u64) -> Result<u64, String> {
    let own = std::env::current_exe().map_err(|error| format!("this program can't find itself: {error}"))?;
    let output = Command::new(COUNTER)
        .args(["--tool=cachegrind", "--cache-sim=no", "--branch-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(own)
        .args(["--only", scenario, "--counted", &contestant.to_string(), &operations.to_string()])
        .output()
        .map_err(|error| format!("{COUNTER} doesn't start: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    refs(&said).ok_or_else(|| {
        format!("{COUNTER} didn't count: {}", said.lines().last().unwrap_or("it said nothing"))
    })
}

/// The number in the line `I refs: 1,234`.
fn refs(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("I ") && line.contains("refs:"))?;
    let digits: String = line.split("refs:").nth(1)?.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_among_what_the_counter_says() {
        assert_eq!(refs("==7== Cachegrind\n==7== \n==7== I   refs:      12,345,678\n"), Some(12_345_678));
        assert_eq!(refs("==7== I refs: 9\n"), Some(9));
        assert_eq!(refs("nothing"), None);
    }
}
