//! A stream that ends when its peer sends more than a reply may have: no memory grows by what a server claims.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest line of a reply: a status, an error, a length.
const LINE: usize = 64 * 1024;

/// How much a peer may send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// In one string of a reply, in bytes.
    pub(crate) string: u64,
    /// In one reply, in bytes.
    pub(crate) reply: u64,
    /// How many parts one reply may have.
    pub(crate) parts: u64,
}

/// Passes bytes on as they are, and follows the protocol just enough to know where each reply ends.
#[derive(Debug)]
pub(crate) struct Guarded<S> {
    stream: S,
    scan: Scan,
}

impl<S> Guarded<S> {
    pub(crate) const fn new(stream: S, bounds: Bounds) -> Self {
        Self { stream, scan: Scan::new(bounds) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, into))?;
        Poll::Ready(this.scan.pass(&into.filled()[before..]))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// Where in a reply the stream is.
#[derive(Debug)]
struct Scan {
    bounds: Bounds,
    /// Bytes of this reply so far.
    bytes: u64,
    /// Parts of this reply so far, and those that it must still have.
    seen: u64,
    missing: u64,
    /// Bytes of a string to come, its line end included.
    string: u64,
    /// The line so far.
    line: Vec<u8>,
}

impl Scan {
    const fn new(bounds: Bounds) -> Self {
        Self { bounds, bytes: 0, seen: 0, missing: 0, string: 0, line: Vec::new() }
    }

    fn pass(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let taken = if self.string > 0 { self.pass_string(bytes) } else { self.pass_line(bytes)? };
            self.bytes += taken as u64;
            bytes = &bytes[taken..];
            if self.bytes > self.bounds.reply {
                return Err(refused("a reply is longer than may be"));
            }
            if self.missing == 0 && self.string == 0 && self.line.is_empty() {
                (self.bytes, self.seen) = (0, 0);
            }
        }
        Ok(())
    }

    fn pass_string(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(usize::try_from(self.string).unwrap_or(usize::MAX));
        self.string -= taken as u64;
        taken
    }

    fn pass_line(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(bytes.len(), |end| end + 1);
        if self.line.len() + taken > LINE {
            return Err(refused("a line of a reply is longer than may be"));
        }
        if end.is_some() && self.line.is_empty() {
            self.end_of_line(&bytes[..taken])?;
            return Ok(taken);
        }
        self.line.extend(&bytes[..taken]);
        if end.is_some() {
            let line = std::mem::take(&mut self.line);
            self.end_of_line(&line)?;
        }
        Ok(taken)
    }

    fn end_of_line(&mut self, line: &[u8]) -> io::Result<()> {
        self.missing = self.missing.saturating_sub(1);
        self.seen += 1;
        let Some((kind, rest)) = line.strip_suffix(b"\r\n").and_then(<[u8]>::split_first) else {
            return Err(refused("a line of a reply has no end, or nothing before it"));
        };
        match kind {
            b'$' | b'!' | b'=' => self.string = self.string_of(announced(rest)?)?,
            b'*' | b'~' | b'>' => self.missing += self.parts_of(announced(rest)?, 1)?,
            b'%' => self.missing += self.parts_of(announced(rest)?, 2)?,
            b'|' => self.missing += self.parts_of(announced(rest)?, 2)? + 1,
            _ => {}
        }
        if self.seen.saturating_add(self.missing) > self.bounds.parts {
            return Err(refused("a reply has more parts than may be"));
        }
        Ok(())
    }

    fn string_of(&self, length: Option<u64>) -> io::Result<u64> {
        match length {
            None => Ok(0),
            Some(length) if length <= self.bounds.string => Ok(length + 2),
            Some(_) => Err(refused("a string of a reply is longer than may be")),
        }
    }

    fn parts_of(&self, count: Option<u64>, each: u64) -> io::Result<u64> {
        let parts = count.unwrap_or(0).saturating_mul(each);
        if parts <= self.bounds.parts {
            Ok(parts)
        } else {
            Err(refused("a reply has more parts than may be"))
        }
    }
}

/// How long what follows is, or how many parts it has; `None` if it is not there. Written in one way only: what can be read
/// in two, the client library may read in the other.
fn announced(digits: &[u8]) -> io::Result<Option<u64>> {
    if digits == b"-1" {
        return Ok(None);
    }
    let number = digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        Some(number.saturating_mul(10).saturating_add(digit))
    });
    match number {
        Some(number) if !digits.is_empty() => Ok(Some(number)),
        _ => Err(refused("a length in a reply is no number")),
    }
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOUNDS: Bounds = Bounds { string: 100, reply: 250, parts: 10 };

    /// Passes `bytes` in pieces of `size`.
    fn pass(bytes: &[u8], size: usize) -> io::Result<()> {
        let mut scan = Scan::new(BOUNDS);
        bytes.chunks(size).try_for_each(|piece| scan.pass(piece))
    }

    #[test]
    fn replies_within_their_bounds_pass_one_after_another() {
        let string = format!("$100\r\n{}\r\n", "\r\n".repeat(50));
        let array = format!("*3\r\n{string}$-1\r\n*2\r\n:1\r\n:2\r\n");
        let replies = format!("+OK\r\n{array}%1\r\n+a\r\n{string}-ERR no\r\n").repeat(20);
        for size in [1, 2, 7, replies.len()] {
            pass(replies.as_bytes(), size).unwrap();
        }
    }

    #[test]
    fn a_reply_over_a_bound_is_refused_by_what_it_announces() {
        let deep = "*2\r\n".repeat(20);
        let endless = "+".repeat(LINE + 2);
        let long = format!("*9\r\n{}", format!("$90\r\n{}\r\n", "x".repeat(90)).repeat(9));
        let parts = "*11\r\n";
        for hostile in ["$101\r\n", "$9223372036854775807\r\n", parts, "%6\r\n", &deep, &endless, &long] {
            for size in [1, hostile.len()] {
                assert!(pass(hostile.as_bytes(), size).is_err(), "{}", &hostile[..9.min(hostile.len())]);
            }
        }
    }

    /// Else the client library might wait for something else than what is counted here.
    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for twofold in ["$+5\r\n", "$ 5\r\n", "$5 \r\n", "$\r\n", "*-2\r\n", "$5\n", "+a\nb\r\n", "\r\n"] {
            for size in [1, twofold.len()] {
                assert!(pass(twofold.as_bytes(), size).is_err(), "{twofold:?}");
            }
        }
        assert_eq!(announced(b"18446744073709551616").unwrap(), Some(u64::MAX));
        assert_eq!((announced(b"0").unwrap(), announced(b"-1").unwrap()), (Some(0), None));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), size in 1_usize..50) {
            let _ = pass(&bytes, size);
        }

        #[test]
        fn how_the_bytes_arrive_decides_nothing(text in "[$*+:%|\\-0-9\r\n]{0,80}", size in 1_usize..10) {
            prop_assert_eq!(pass(text.as_bytes(), size).is_ok(), pass(text.as_bytes(), 1_000).is_ok());
        }
    }
}
