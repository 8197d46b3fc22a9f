//! What the server says, line by line; nothing is taken for what it merely announces.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// The longest line of a reply. Ours have some dozens of bytes.
const LINE: u64 = 2_048;

/// What a command gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: Code,
    /// Which command of its batch it answers.
    pub(crate) command: Option<usize>,
    /// The item's number, which each change of it changes; 0 if the server has none.
    pub(crate) cas: u64,
    /// For how many more seconds the server keeps the item; -1 for ever.
    pub(crate) left: Option<i64>,
    /// The number that was stored beside the value.
    pub(crate) flags: u32,
    /// Whether somebody has marked it stale.
    pub(crate) stale: bool,
    pub(crate) value: Vec<u8>,
}

/// The word a reply begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Code {
    /// `HD`: done; `VA`: done, with a value.
    #[default]
    Done,
    /// `EN`, `NF`: there is no such item.
    Missing,
    /// `EX`, `NS`: the item is another one than was meant.
    Changed,
    /// `MN`: the batch ends.
    End,
    /// `SERVER_ERROR object too large for cache`.
    TooLarge,
    /// Another `SERVER_ERROR`: no room, mostly.
    Refused,
    /// `STORED`: the password is right.
    Stored,
    /// `CLIENT_ERROR`, `ERROR`: it didn't understand; what follows can't be relied on.
    Confused,
}

impl Reply {
    /// The next reply, its value no longer than `longest`. An error if it is none.
    pub(crate) async fn read(from: &mut (impl AsyncBufRead + Unpin), longest: u64) -> io::Result<Self> {
        let mut line = Vec::new();
        (&mut *from).take(LINE).read_until(b'\n', &mut line).await?;
        let Some(text) = line.strip_suffix(b"\r\n") else {
            let kind =
                if line.is_empty() { io::ErrorKind::UnexpectedEof } else { io::ErrorKind::InvalidData };
            return Err(kind.into());
        };
        let (mut reply, length) = Self::parse(text).ok_or(io::ErrorKind::InvalidData)?;
        if let Some(length) = length {
            if length > longest {
                return Err(io::ErrorKind::InvalidData.into());
            }
            (&mut *from).take(length + 2).read_to_end(&mut reply.value).await?;
            if reply.value.len() as u64 != length + 2 || !reply.value.ends_with(b"\r\n") {
                return Err(io::ErrorKind::InvalidData.into());
            }
            reply.value.truncate(reply.value.len() - 2);
        }
        Ok(reply)
    }

    /// The reply that a line begins, and the length of the value that follows it.
    fn parse(line: &[u8]) -> Option<(Self, Option<u64>)> {
        let line = std::str::from_utf8(line).ok()?;
        let mut words = line.split(' ');
        let mut length = None;
        let code = match words.next()? {
            "VA" => {
                length = Some(words.next()?.parse().ok()?);
                Code::Done
            }
            "HD" => Code::Done,
            "EN" | "NF" => Code::Missing,
            "EX" | "NS" => Code::Changed,
            "MN" => Code::End,
            "STORED" => Code::Stored,
            "SERVER_ERROR" if line.contains("too large") => Code::TooLarge,
            "SERVER_ERROR" => Code::Refused,
            "CLIENT_ERROR" | "ERROR" => Code::Confused,
            _ => return None,
        };
        let mut reply = Self { code, ..Self::default() };
        if !matches!(code, Code::TooLarge | Code::Refused | Code::Confused) {
            words.try_for_each(|word| reply.take_flag(word))?;
        }
        Some((reply, length))
    }

    fn take_flag(&mut self, word: &str) -> Option<()> {
        let mut letters = word.chars();
        let flag = letters.next();
        let token = letters.as_str();
        match flag {
            Some('O') => self.command = Some(token.parse().ok()?),
            Some('c') => self.cas = token.parse().ok()?,
            Some('t') => self.left = Some(token.parse().ok()?),
            Some('f') => self.flags = token.parse().ok()?,
            Some('X') => self.stale = true,
            _ => {}
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> io::Result<Reply> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { Reply::read(&mut &bytes[..], 100).await })
    }

    #[test]
    fn replies_are_read_as_the_protocol_has_them() {
        let reply = read(b"VA 4 c17 t-1 f9 O3 X W\r\na\r\nb\r\n").unwrap();
        let value = b"a\r\nb".to_vec();
        let expected = Reply {
            command: Some(3),
            cas: 17,
            left: Some(-1),
            flags: 9,
            stale: true,
            value,
            ..Reply::default()
        };
        assert_eq!(reply, expected);
        assert_eq!(read(b"EN\r\n").unwrap().code, Code::Missing);
        assert_eq!(read(b"EX O4\r\n").unwrap().command, Some(4));
        assert_eq!(read(b"SERVER_ERROR object too large for cache\r\n").unwrap().code, Code::TooLarge);
    }

    #[test]
    fn what_is_cut_too_long_or_no_reply_is_an_error() {
        let whole = b"VA 4 c17 O3\r\nabcd\r\n";
        for at in 0..whole.len() {
            assert!(read(&whole[..at]).is_err(), "{at}");
        }
        let endless = [b'V'; 5_000];
        let hostile: [&[u8]; 9] = [
            b"VA 101\r\n",
            b"VA 18446744073709551615\r\n",
            b"VA -1\r\n",
            b"VA\r\n",
            b"VA 2 c1\r\nabcd\r\n",
            b"HD O-1\r\n",
            b"HTTP/1.1 200 OK\r\n",
            b"\xff\xfe\r\n",
            &endless,
        ];
        for bytes in hostile {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in "(VA|HD|EN|MN|EX)? ?[0-9]{0,3}( [a-zA-Z][0-9]{0,22}){0,3}\r?\n?.{0,20}") {
            let _ = read(text.as_bytes());
        }
    }
}
