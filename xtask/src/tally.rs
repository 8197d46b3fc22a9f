//! What the output of `cargo test` says, read line by line.

use std::fmt;

/// Counts over all steps so far.
#[derive(Default)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    skipped: u64,
    running: String,
    empty: Vec<String>,
    in_successes: bool,
}

impl Tally {
    /// Takes one line; answers whether it is worth showing. Of what tests printed that passed, only why they skipped.
    pub(crate) fn read(&mut self, line: &str) -> bool {
        let line = line.trim_end();
        match line {
            "successes:" => self.in_successes = true,
            "failures:" => self.in_successes = false,
            _ if line.starts_with("test result: ") => self.in_successes = false,
            _ => {}
        }
        let skips = line.starts_with("skipped: ") || line.contains(" ... skipped: ");
        if let Some(target) = line.trim_start().strip_prefix("Running ") {
            target.clone_into(&mut self.running);
        } else if line.trim_start().starts_with("Doc-tests ") {
            self.running.clear();
        } else if line == "running 0 tests" {
            self.empty.extend(test_target(&self.running));
        } else if let Some(counts) = line.strip_prefix("test result: ") {
            self.count(counts);
        }
        self.skipped += u64::from(skips);
        skips || !self.in_successes
    }

    /// `ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s`
    fn count(&mut self, counts: &str) {
        let counts = counts.split_once(". ").map_or(counts, |(_, counts)| counts);
        for part in counts.split("; ") {
            let Some((number, what)) = part.split_once(' ') else { continue };
            let number = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    /// What is wrong with the last step although every test that ran has passed.
    pub(crate) fn faults(&mut self, may_be_empty: &[&str]) -> Vec<String> {
        let empty = std::mem::take(&mut self.empty).into_iter();
        let empty = empty.filter(|target| !may_be_empty.contains(&target.as_str()));
        let mut faults: Vec<String> = empty.map(|target| format!("tests/{target}: no tests ran")).collect();
        if self.ignored > 0 {
            faults.push(format!("{} ignored tests: run them or remove them", self.ignored));
        }
        faults
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.skipped > 0 {
            writeln!(f, "{} skipped: see the lines that begin with `skipped:`", self.skipped)?;
        }
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// `tests/model.rs (target/...)` is the target `model`; a library without unit tests is no fault.
fn test_target(running: &str) -> Option<String> {
    let (file, _) = running.split_once(" (")?;
    let (_, inner) = file.split_once("tests/")?;
    Some(inner.strip_suffix(".rs")?.trim_end_matches("/main").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            tally.read(line);
        }
        tally
    }

    #[test]
    fn results_are_summed() {
        let one =
            "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        let two = "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(tally(&[one, two]).to_string(), "7 passed, 3 failed");
    }

    #[test]
    fn an_ignored_test_is_a_fault() {
        let result = "test result: ok. 5 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out";
        assert_eq!(tally(&[result]).faults(&[]), ["2 ignored tests: run them or remove them"]);
    }

    #[test]
    fn a_test_file_without_tests_is_a_fault_unless_it_may_be_empty() {
        let lines = ["     Running tests/model.rs (target/debug/deps/model-1)", "", "running 0 tests"];
        assert_eq!(tally(&lines).faults(&["other"]), ["tests/model: no tests ran"]);
        let mut allowed = tally(&lines);
        assert!(allowed.faults(&["model"]).is_empty());
        assert!(allowed.faults(&[]).is_empty(), "it is held against its own step only");
    }

    #[test]
    fn a_library_or_doc_test_without_tests_is_none() {
        let library = ["     Running unittests src/lib.rs (target/debug/deps/a-1)", "running 0 tests"];
        let docs = ["     Running tests/model.rs (target/x)", "   Doc-tests larder_core", "running 0 tests"];
        assert!(tally(&library).faults(&[]).is_empty());
        assert!(tally(&docs).faults(&[]).is_empty());
    }

    #[test]
    fn skipped_lines_are_counted_and_told() {
        let lines =
            ["skipped: no traces beside the repository", "test a ... skipped: no traces", "it skipped: no"];
        let told = "2 skipped: see the lines that begin with `skipped:`\n0 passed, 0 failed";
        assert_eq!(tally(&lines).to_string(), told);
    }

    #[test]
    fn what_a_passed_test_printed_is_shown_only_if_it_skipped() {
        let mut tally = Tally::default();
        let passed = [
            "test a ... ok",
            "",
            "successes:",
            "",
            "---- a stdout ----",
            "noise",
            "skipped: x",
            "successes:",
            "    a",
        ];
        let failed =
            ["failures:", "---- b stdout ----", "why", "test result: FAILED. 1 passed; 1 failed", "next"];
        let shown: Vec<_> = passed.into_iter().chain(failed).filter(|line| tally.read(line)).collect();
        let expected = ["test a ... ok", "", "skipped: x"];
        assert_eq!(shown, [&expected[..], &failed[..]].concat());
        assert_eq!(tally.skipped, 1);
    }
}
