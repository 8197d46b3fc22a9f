//! What killed processes said, and whether the origin agrees: `History`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::Child;

use crate::queue::KEYS;

/// All writes that were tried, by number; on each key the numbers rise.
pub(crate) struct History {
    tried: BTreeMap<u64, Try>,
    acknowledged: u64,
}

struct Try {
    key: u64,
    is_put: bool,
    acknowledged: bool,
}

impl History {
    pub(crate) const fn new() -> Self {
        Self { tried: BTreeMap::new(), acknowledged: 0 }
    }

    /// The number above all that were tried.
    pub(crate) fn next(&self) -> u64 {
        self.tried.last_key_value().map_or(1, |(last, _)| last + 1)
    }

    pub(crate) const fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Listens until so many writes are acknowledged, kills the process a moment later, and hears its last words.
    pub(crate) fn listen(&mut self, child: &mut Child, acknowledgements: u64, moment: u64) {
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let wanted = self.acknowledged() + acknowledgements;
        while acknowledgements > 0 && self.acknowledged() < wanted && self.hear(&mut out) {}
        (0..moment).for_each(|_| std::thread::yield_now());
        child.kill().expect("it can be killed");
        while self.hear(&mut out) {}
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), None, "it ended before it was killed: {status}");
    }

    fn hear(&mut self, out: &mut impl BufRead) -> bool {
        let mut line = String::new();
        let heard = out.read_line(&mut line).is_ok_and(|length| length > 0) && line.ends_with('\n');
        if heard {
            self.note(line.trim_end());
        }
        heard
    }

    pub(crate) fn note(&mut self, line: &str) {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["t", number, key, what] => {
                let tried = Try { key: parsed(key), is_put: what == "p", acknowledged: false };
                self.tried.insert(parsed(number), tried);
            }
            ["a", number] => {
                let tried = self.tried.get_mut(&parsed(number)).expect("it was tried");
                tried.acknowledged = true;
                self.acknowledged += 1;
            }
            _ => {}
        }
    }

    /// What is wrong with the values of the keys.
    pub(crate) fn breach(&self, origin: &[Option<u64>]) -> Option<String> {
        (0..KEYS).zip(origin).find_map(|(key, value)| self.breach_of(key, *value))
    }

    fn breach_of(&self, key: u64, value: Option<u64>) -> Option<String> {
        let of_key = || self.tried.iter().filter(|(_, one)| one.key == key);
        let last = of_key().rfind(|(_, one)| one.acknowledged).map(|(number, _)| *number);
        let outcome = |number: u64, one: &Try| one.is_put.then_some(number);
        let mut possible = of_key().filter(|(number, _)| Some(**number) >= last);
        let untouched = last.is_none() && value.is_none();
        if untouched || possible.any(|(number, one)| outcome(*number, one) == value) {
            return None;
        }
        Some(format!("key {key}: write {last:?} is acknowledged, and the origin has {value:?}"))
    }
}

fn parsed(word: &str) -> u64 {
    word.parse().expect("a number")
}
