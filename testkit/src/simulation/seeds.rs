//! Many seeds, or the one that failed: `for_seeds`.

use std::ops::Range;

/// Calls `run` with the seeds from 0 up to `count`. If the environment has `LARDER_SEEDS`, with as many as that says; if it has
/// `LARDER_SEED`, with that one only.
///
/// ```
/// let mut tried = 0;
/// larder_testkit::simulation::for_seeds(3, |_seed| tried += 1);
/// assert!(tried > 0);
/// ```
///
/// # Panics
///
/// If a variable is no number, or as `run` does.
pub fn for_seeds(count: u64, run: impl FnMut(u64)) {
    let variable = |name| std::env::var(name).ok();
    chosen(count, variable("LARDER_SEEDS").as_deref(), variable("LARDER_SEED").as_deref()).for_each(run);
}

fn chosen(count: u64, many: Option<&str>, one: Option<&str>) -> Range<u64> {
    let number = |text: &str| {
        let parsed = text.trim().parse();
        assert!(parsed.is_ok(), "LARDER_SEEDS and LARDER_SEED are whole numbers");
        parsed.unwrap_or(0)
    };
    match one.map(number) {
        Some(seed) => seed..seed.saturating_add(1),
        None => 0..many.map_or(count, number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_more_than_the_argument_and_one_seed_more_than_many() {
        assert_eq!(chosen(3, None, None), 0..3);
        assert_eq!(chosen(3, Some("7"), None), 0..7);
        assert_eq!(chosen(3, Some("7"), Some("41 ")), 41..42);
    }

    #[test]
    #[should_panic(expected = "whole numbers")]
    fn a_seed_that_is_no_number_is_refused() {
        chosen(3, None, Some("first"));
    }
}
