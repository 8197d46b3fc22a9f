//! The paths a file names: the leaves of its `use` trees, and those in its code.

use crate::source::{closing, words};

/// One path as written. `binds` is the name a `use` gives it here.
#[derive(Debug, PartialEq)]
pub(crate) struct Named {
    pub(crate) at: usize,
    pub(crate) segments: Vec<String>,
    pub(crate) binds: Option<String>,
    pub(crate) glob: bool,
}

/// Every path of two or more segments in masked code. Those that begin with `::` are foreign and left out.
pub(crate) fn paths(code: &str) -> Vec<Named> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].1 == "use" && tokens.get(at + 1).is_some_and(|next| next.1 != "<") {
            at = tree(&tokens, at + 1, &[], &mut found);
        } else {
            at = plain(&tokens, at, &mut found);
        }
    }
    found
}

/// Modules with their body in this file: name, and the span of the body.
pub(crate) fn inline_modules(code: &str) -> Vec<(String, std::ops::Range<usize>)> {
    let heads = words(code).filter(|(_, word)| *word == "mod");
    let named = heads.filter_map(|(at, _)| {
        let open = at + code[at..].find(['{', ';'])?;
        let name = code[at + 3..open].trim().to_owned();
        code[open..].starts_with('{').then(|| (name, open..closing(code, open)))
    });
    named.collect()
}

type Token<'a> = (usize, &'a str);

/// Words, `::`, and every other mark by itself.
fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = words(code).collect();
    tokens.extend(code.match_indices("::"));
    tokens.extend(code.match_indices(|mark: char| mark.is_ascii_punctuation() && mark != '_' && mark != ':'));
    tokens.sort_unstable();
    tokens
}

fn is_name(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

fn text<'a>(tokens: &[Token<'a>], at: usize) -> &'a str {
    tokens.get(at).map_or("", |token| token.1)
}

/// Reads the path that may begin at `at`; answers where to go on.
fn plain(tokens: &[Token<'_>], at: usize, found: &mut Vec<Named>) -> usize {
    let inner = at > 0 && matches!(text(tokens, at - 1), "::" | ".");
    if inner || !is_name(text(tokens, at)) {
        return at + 1;
    }
    let mut segments = vec![text(tokens, at).to_owned()];
    let mut next = at + 1;
    while text(tokens, next) == "::" && is_name(text(tokens, next + 1)) {
        segments.push(text(tokens, next + 1).to_owned());
        next += 2;
    }
    if segments.len() > 1 {
        found.push(Named { at: tokens[at].0, segments, binds: None, glob: false });
    }
    next
}

/// Reads one branch of a `use` tree; answers where it ends.
fn tree(tokens: &[Token<'_>], start: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
    let mut segments = prefix.to_vec();
    let mut at = start;
    let place = tokens.get(start).map_or(0, |token| token.0);
    loop {
        match text(tokens, at) {
            "{" => return group(tokens, at + 1, &segments, found),
            "*" => {
                found.push(Named { at: place, segments, binds: None, glob: true });
                return at + 1;
            }
            "::" => at += 1,
            "as" => {
                rename(found, text(tokens, at + 1));
                return at + 2;
            }
            name if is_name(name) => {
                segments.push(name.to_owned());
                at += 1;
                if text(tokens, at) != "::" {
                    found.push(leaf(place, segments.clone()));
                    if text(tokens, at) != "as" {
                        return at;
                    }
                }
            }
            _ => return at + 1,
        }
    }
}

fn group(tokens: &[Token<'_>], start: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
    let mut at = start;
    while !matches!(text(tokens, at), "}" | "") {
        at = if text(tokens, at) == "," { at + 1 } else { tree(tokens, at, prefix, found) };
    }
    at + 1
}

/// `a::b::{self}` is `a::b` by the name `b`.
fn leaf(at: usize, mut segments: Vec<String>) -> Named {
    if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
        segments.pop();
    }
    let binds = segments.last().cloned();
    Named { at, segments, binds, glob: false }
}

fn rename(found: &mut [Named], name: &str) {
    if let Some(last) = found.last_mut() {
        last.binds = (name != "_").then(|| name.to_owned());
    }
}
