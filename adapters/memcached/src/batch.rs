//! Commands that are sent as one, each with its number, and a last one that says where the answers end.

use crate::names::Name;
use crate::reply::{Code, Reply};

/// Commands in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    count: usize,
}

/// The answer to each command of a batch; `None` where the server had nothing to say: it was done, or missed.
pub(crate) type Answers = Vec<Option<Reply>>;

impl Batch {
    /// Asks for an item; no answer if it is missing.
    pub(crate) fn get(&mut self, name: &Name) {
        self.command(b"mg ", name, |_| {}, |to| to.extend(b" v c t f q"));
    }

    /// Asks what an item is, without its value; no answer if it is missing.
    pub(crate) fn look(&mut self, name: &Name) {
        self.command(b"mg ", name, |_| {}, |to| to.extend(b" c t f s q"));
    }

    /// Asks for an item's number; where there is none a stub takes its place for so many seconds.
    pub(crate) fn lease(&mut self, name: &Name, seconds: u32) {
        self.command(b"mg ", name, |_| {}, |to| to.extend(format!(" c N{seconds}").into_bytes()));
    }

    /// Writes an item if it still has the number `cas` (whatever is there, if the server numbers none); no answer if that
    /// was done.
    pub(crate) fn set(&mut self, name: &Name, item: &Item<'_>, cas: u64) {
        let Item { value, seconds, flags } = item;
        let length = |to: &mut Vec<u8>| to.extend(format!(" {}", value.len()).into_bytes());
        let condition = if cas == 0 { String::new() } else { format!(" C{cas}") };
        let rest = format!(" q{condition} T{seconds} F{flags}");
        self.command(b"ms ", name, length, |to| to.extend(rest.into_bytes()));
        self.bytes.extend(*value);
        self.bytes.extend(b"\r\n");
    }

    /// Writes an item if there is none; no answer if that was done.
    pub(crate) fn add(&mut self, name: &Name, value: &[u8]) {
        let length = |to: &mut Vec<u8>| to.extend(format!(" {}", value.len()).into_bytes());
        self.command(b"ms ", name, length, |to| to.extend(b" q ME"));
        self.bytes.extend(value);
        self.bytes.extend(b"\r\n");
    }

    /// Removes an item.
    pub(crate) fn remove(&mut self, name: &Name) {
        self.command(b"md ", name, |_| {}, |_| {});
    }

    /// Removes an item if it still has the number `cas`.
    pub(crate) fn remove_if(&mut self, name: &Name, cas: u64) {
        self.command(b"md ", name, |_| {}, |to| to.extend(format!(" C{cas}").into_bytes()));
    }

    /// How many commands there are.
    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    /// All of it, with its end.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.extend(b"mn\r\n");
        self.bytes
    }

    fn command(
        &mut self,
        verb: &[u8],
        name: &Name,
        between: impl FnOnce(&mut Vec<u8>),
        flags: impl FnOnce(&mut Vec<u8>),
    ) {
        self.bytes.extend(verb);
        name.write(&mut self.bytes, between);
        flags(&mut self.bytes);
        self.bytes.extend(format!(" O{}\r\n", self.count).into_bytes());
        self.count += 1;
    }
}

/// What is written.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    pub(crate) value: &'a [u8],
    /// For how long the server keeps it.
    pub(crate) seconds: u32,
    /// A number stored beside it.
    pub(crate) flags: u32,
}

/// Puts a reply where it belongs. Whether it belongs anywhere.
pub(crate) fn placed(answers: &mut Answers, reply: Reply) -> bool {
    match reply.command.and_then(|command| answers.get_mut(command)) {
        Some(place @ None) if matches!(reply.code, Code::Done | Code::Missing | Code::Changed) => {
            *place = Some(reply);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Names;

    #[test]
    fn commands_are_written_as_the_protocol_has_them() {
        let names = Names::new("n").unwrap();
        let (plain, other) = (names.key(b"a").unwrap(), names.key(b"a b").unwrap());
        let mut batch = Batch::default();
        batch.get(&plain);
        batch.lease(&other, 60);
        batch.set(&other, &Item { value: b"xyz", seconds: 9, flags: 7 }, 12);
        batch.remove_if(&plain, 3);
        assert_eq!(batch.len(), 4);
        let encoded = "bGFyZGVyOjE6bjprYSBi";
        let expected = format!(
            "mg larder:1:n:ka v c t f q O0\r\nmg {encoded} b c N60 O1\r\n\
             ms {encoded} 3 b q C12 T9 F7 O2\r\nxyz\r\nmd larder:1:n:ka C3 O3\r\nmn\r\n"
        );
        assert_eq!(String::from_utf8(batch.into_bytes()).unwrap(), expected);
    }

    #[test]
    fn a_reply_to_nothing_that_was_asked_has_no_place() {
        let mut answers = vec![None, None];
        let reply = |command| Reply { command, ..Reply::default() };
        assert!(placed(&mut answers, reply(Some(1))));
        assert!(!placed(&mut answers, reply(Some(1))), "twice");
        assert!(!placed(&mut answers, reply(Some(2))));
        assert!(!placed(&mut answers, reply(None)));
    }
}
