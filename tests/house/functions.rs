//! How long functions are: from the word `fn` to the closing brace.

use crate::source::{body, closing, line_of, words};

/// A function with a body.
#[derive(Debug, PartialEq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) at: usize,
    pub(crate) lines: usize,
}

/// Every function in masked code, inner ones too.
pub(crate) fn functions(code: &str) -> Vec<Function> {
    let starts = words(code).filter(|(_, word)| *word == "fn");
    starts.filter_map(|(at, _)| function(code, at)).collect()
}

/// `None` for a pointer type and for a function that is only declared.
fn function(code: &str, at: usize) -> Option<Function> {
    let rest = code[at + 2..].trim_start();
    if rest.starts_with('(') {
        return None;
    }
    let name = rest.split(['(', '<']).next().unwrap_or_default().trim().to_owned();
    let (open, '{') = body(code, at)? else { return None };
    let end = closing(code, open);
    Some(Function { name, at, lines: line_of(code, end) - line_of(code, at) + 1 })
}
