//! What the beginning of a trace and its name tell of its format.

/// The beginning of a trace, decompressed.
pub(super) struct Sample<'a> {
    bytes: &'a [u8],
    whole: bool,
    name: String,
}

impl<'a> Sample<'a> {
    /// A sample of the trace called `name`; `whole` if there is no more than this.
    pub(super) fn new(bytes: &'a [u8], whole: bool, name: &str) -> Self {
        Self { bytes, whole, name: name.to_lowercase() }
    }

    /// Whether these are the first bytes.
    pub(super) fn begins_with(&self, bytes: &[u8]) -> bool {
        self.bytes.starts_with(bytes)
    }

    /// Whether any of `parts` is in the name. Case doesn't matter.
    pub(super) fn is_named(&self, parts: &[&str]) -> bool {
        parts.iter().any(|part| self.name.contains(part))
    }

    /// Whether it is text: no control characters but blanks and line ends.
    pub(super) fn is_text(&self) -> bool {
        self.bytes.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..))
    }

    /// The lines that are there from end to end. None if it is not text.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'a [u8]> {
        let text = if self.is_text() { self.bytes } else { &[] };
        let end = match text.iter().rposition(|byte| *byte == b'\n') {
            Some(last) if !self.whole => last,
            _ => text.len(),
        };
        text[..end].split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
    }

    /// Whether there are lines, and all are like this.
    pub(super) fn all_lines(&self, like: impl FnMut(&[u8]) -> bool) -> bool {
        self.lines().next().is_some() && self.lines().all(like)
    }

    /// The records of `N` bytes that are there from end to end. None if it is text.
    pub(super) fn records<const N: usize>(&self) -> &'a [[u8; N]] {
        let bytes = if self.is_text() { &[] } else { self.bytes };
        bytes.as_chunks().0
    }
}
