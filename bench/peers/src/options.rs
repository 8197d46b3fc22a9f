//! What the command line asks for.

use crate::memory;

/// The command line, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Fewer and shorter rounds.
    pub quick: bool,
    /// Lines for machines.
    pub csv: bool,
    /// What a scenario must have in its name.
    pub only: String,
    /// Where to draw a chart.
    pub chart: Option<String>,
    /// This process measures one cache's memory, and nothing else.
    pub bytes_of: Option<String>,
}

const USAGE: &str = "usage: larder-peers [--quick] [--csv] [--only NAME] [--chart FILE.svg]";

impl Options {
    /// The options in `words`, or what is wrong with them.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value; {USAGE}"));
            match word.as_str() {
                "--quick" => options.quick = true,
                "--csv" => options.csv = true,
                "--only" => options.only = value()?,
                "--chart" => options.chart = Some(value()?),
                memory::FLAG => options.bytes_of = Some(value()?),
                "--help" | "-h" => return Err(USAGE.to_owned()),
                other => return Err(format!("{other:?} is not an option; {USAGE}")),
            }
        }
        Ok(options)
    }

    /// Whether the scenario of this name is to be run.
    pub fn wants(&self, name: &str) -> bool {
        name.contains(&self.only)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_combine_in_any_order() {
        let options = parse("--csv --only hit --chart a.svg --quick").unwrap();
        assert!(options.csv && options.quick && options.wants("hit-u64-10k") && !options.wants("scan"));
        assert_eq!(options.chart.as_deref(), Some("a.svg"));
    }

    #[test]
    fn what_is_no_option_is_named_in_the_message() {
        assert!(parse("--fast").unwrap_err().contains("--fast"));
        assert!(parse("--only").unwrap_err().contains("--only"));
    }
}
