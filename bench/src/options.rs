//! What the command line asks for.

/// The command line, read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) quick: bool,
    pub(crate) csv: bool,
    /// What a scenario must have in its name.
    pub(crate) only: String,
    pub(crate) mode: Mode,
}

/// What to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Time,
    Instructions,
    /// This process runs under the counter: so many operations of one contestant, and nothing else.
    Counted {
        contestant: usize,
        operations: u64,
    },
}

const USAGE: &str = "usage: larder-bench [--quick] [--csv] [--only NAME] [--instructions]";

impl Options {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { quick: false, csv: false, only: String::new(), mode: Mode::Time };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--quick" => options.quick = true,
                "--csv" => options.csv = true,
                "--instructions" => options.mode = Mode::Instructions,
                "--only" => options.only = words.next().ok_or("--only needs the name of a scenario")?,
                "--counted" => {
                    let (contestant, operations) = (number(words.next())?, number(words.next())?);
                    options.mode = Mode::Counted { contestant: contestant as usize, operations };
                }
                "--help" | "-h" => return Err(USAGE.to_owned()),
                other => return Err(format!("{other:?} is not an option; {USAGE}")),
            }
        }
        Ok(options)
    }
}

fn number(word: Option<String>) -> Result<u64, String> {
    word.and_then(|word| word.parse().ok()).ok_or_else(|| "--counted needs two numbers".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_combine_in_any_order() {
        let options = parse("--csv --only hit --instructions --quick").unwrap();
        assert_eq!(
            options,
            Options { quick: true, csv: true, only: "hit".to_owned(), mode: Mode::Instructions }
        );
    }

    #[test]
    fn what_is_no_option_is_named_in_the_message() {
        assert!(parse("--fast").unwrap_err().contains("--fast"));
        assert!(parse("--only").unwrap_err().contains("name"));
        assert!(parse("--counted 1 many").unwrap_err().contains("numbers"));
    }
}
