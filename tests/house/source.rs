//! A Rust file as the rules see it: its text, and its code with everything that is not code blanked out.

/// One file. `code` has the length and the lines of `text`, with spaces for comments, strings, characters and test
/// modules, so that an offset means the same in both.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) code: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), code: without_tests(&mask(text)) }
    }

    /// Whether the whole file is a test: in a `tests` folder, or a `tests.rs`.
    pub(crate) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs")
    }

    /// `path:line` of an offset.
    pub(crate) fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path, line_of(&self.text, at))
    }
}

/// Number of the line an offset is on, from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Identifiers and keywords with their offsets.
pub(crate) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let in_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let start = move |at: usize| !code[..at].chars().next_back().is_some_and(in_word);
    let starts = code.char_indices().filter(move |(at, letter)| in_word(*letter) && start(*at));
    starts.map(move |(at, _)| {
        let rest = &code[at..];
        (at, &rest[..rest.find(|letter| !in_word(letter)).unwrap_or(rest.len())])
    })
}

/// Offset just behind the bracket that closes the one at `open`.
pub(crate) fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in code[open..].char_indices() {
        match letter {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return open + at + 1;
        }
    }
    code.len()
}

/// Where the item that begins at `start` has its body, or ends without one: the first `{` or `;` outside brackets.
pub(crate) fn body(code: &str, start: usize) -> Option<(usize, char)> {
    let mut at = start;
    while let Some(next) = code[at..].find(['{', ';', '(', '[']) {
        let found = at + next;
        match code[found..].chars().next()? {
            mark @ ('{' | ';') => return Some((found, mark)),
            _ => at = closing(code, found),
        }
    }
    None
}

/// Blanks comments, strings and characters. Lifetimes stay.
pub(crate) fn mask(text: &str) -> String {
    let mut code = text.as_bytes().to_vec();
    let mut at = 0;
    while at < code.len() {
        match opaque(&text.as_bytes()[at..]) {
            Some(length) => {
                blank(&mut code[at..at + length]);
                at += length;
            }
            None => at += 1,
        }
    }
    String::from_utf8(code).expect("only whole characters are blanked")
}

/// Blanks what stands under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = code.as_bytes().to_vec();
    for (start, _) in code.match_indices(MARK) {
        let end = match body(code, start + MARK.len()) {
            Some((open, '{')) => closing(code, open),
            Some((end, _)) => end + 1,
            None => code.len(),
        };
        blank(&mut kept[start..end]);
    }
    String::from_utf8(kept).expect("masked code is cut between characters")
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

/// Length of the comment, string or character that `rest` begins with.
fn opaque(rest: &[u8]) -> Option<usize> {
    match rest {
        [b'/', b'/', ..] => Some(rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())),
        [b'/', b'*', ..] => Some(block_comment(rest)),
        [b'"', ..] => Some(string(rest)),
        [b'r', b'"' | b'#', ..] => raw_string(rest),
        [b'\'', ..] => character(rest),
        _ => None,
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at + 1 < rest.len() {
        match &rest[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn string(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `r#name` is no string.
fn raw_string(rest: &[u8]) -> Option<usize> {
    let fences = rest[1..].iter().take_while(|byte| **byte == b'#').count();
    if rest.get(1 + fences) != Some(&b'"') {
        return None;
    }
    let close = [b"\"".as_slice(), &b"#".repeat(fences)].concat();
    let inner = &rest[2 + fences..];
    let end = inner.windows(close.len()).position(|window| window == close);
    Some(end.map_or(rest.len(), |at| 2 + fences + at + close.len()))
}

/// `'a` without a closing quote is a lifetime.
fn character(rest: &[u8]) -> Option<usize> {
    let first = *rest.get(1)?;
    if first == b'\\' {
        let end = rest.iter().skip(3).position(|byte| *byte == b'\'')?;
        return Some(end + 4);
    }
    let width = match first {
        0..=0x7F => 1,
        0xF0.. => 4,
        0xE0.. => 3,
        _ => 2,
    };
    (rest.get(1 + width) == Some(&b'\'')).then_some(width + 2)
}
