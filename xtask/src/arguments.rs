//! What was asked for on the command line.

/// `cargo xtask test`, with its options.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// How many seeds the simulator tries for each tower, instead of as many as the tests say.
    pub(crate) seeds: Option<u64>,
}

impl Arguments {
    /// The arguments behind the program's name; or the one line that says what is wrong with them.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match arguments[..] {
            ["test"] => Ok(Self { seeds: None }),
            ["test", "--seeds", count] => Ok(Self { seeds: Some(seeds(count)?) }),
            _ => Err("usage: cargo xtask test [--seeds N]".to_owned()),
        }
    }
}

fn seeds(count: &str) -> Result<u64, String> {
    let whole = count.parse().ok().filter(|count| *count > 0);
    whole.ok_or_else(|| "--seeds takes a whole number from 1 on".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Option<u64>, String> {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Arguments::parse(&arguments).map(|arguments| arguments.seeds)
    }

    #[test]
    fn tests_run_with_as_many_seeds_as_they_say_or_as_asked_for() {
        assert_eq!(parsed(&["test"]), Ok(None));
        assert_eq!(parsed(&["test", "--seeds", "20000"]), Ok(Some(20_000)));
    }

    #[test]
    fn what_is_no_number_of_seeds_is_refused_in_one_line() {
        for count in ["", "0", "-1", "1.5", "many", "99999999999999999999", "--seeds"] {
            let said = parsed(&["test", "--seeds", count]);
            assert_eq!(said, Err("--seeds takes a whole number from 1 on".to_owned()), "{count}");
        }
    }

    #[test]
    fn anything_else_is_answered_with_the_usage() {
        for arguments in
            [&[][..], &["bench"], &["test", "--seeds"], &["test", "-q"], &["--seeds", "1", "test"]]
        {
            assert_eq!(parsed(arguments), Err("usage: cargo xtask test [--seeds N]".to_owned()));
        }
    }
}
