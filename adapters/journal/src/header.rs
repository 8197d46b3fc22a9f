//! The name and the first bytes of a segment: whose file it is, of which version, and its salt.
//!
//! Name and header say the same, so that either may be damaged.

use crate::frame::{number, sum};
use crate::refused::Refused;

/// The version of the format that this program writes.
pub(crate) const VERSION: u32 = 1;
/// How long a header is.
pub(crate) const LENGTH: u64 = 36;

const MAGIC: &[u8; 8] = b"LARDERJL";
const SUFFIX: &str = ".journal";
const CHECKED: usize = 28;

/// Which segment it is: its number gives the order, its salt is in each of its frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Title {
    pub(crate) number: u64,
    pub(crate) salt: u64,
}

/// What a header shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Whole,
    /// It is ours, but not whole.
    Damaged,
    /// Nothing in it is ours, but what follows may be.
    Unknown,
}

impl Title {
    pub(crate) fn name(&self) -> String {
        format!("{:016x}-{:016x}{SUFFIX}", self.number, self.salt)
    }

    /// The title that a file name says; `None`: the file is none of the journal's business.
    pub(crate) fn of_name(name: &str) -> Result<Option<Self>, Refused> {
        let Some(stem) = name.strip_suffix(SUFFIX) else { return Ok(None) };
        let title = stem.split_once('-').and_then(|(number, salt)| {
            let hexadecimal = |text: &str| u64::from_str_radix(text, 16).ok();
            Some(Self { number: hexadecimal(number)?, salt: hexadecimal(salt)? })
        });
        title.filter(|title| title.name() == name).map(Some).ok_or(Refused::Foreign)
    }

    pub(crate) fn header(&self) -> Vec<u8> {
        self.header_of(VERSION)
    }

    pub(crate) fn header_of(&self, version: u32) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&version.to_le_bytes());
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.salt.to_le_bytes());
        bytes.extend_from_slice(&sum(&bytes, 0).to_le_bytes());
        bytes
    }

    /// Compares the first bytes of a file with what they should be.
    pub(crate) fn check(&self, bytes: &[u8]) -> Result<Found, Refused> {
        let expected = self.header();
        if bytes.get(..expected.len()) == Some(&expected) {
            return Ok(Found::Whole);
        }
        let is_whole = bytes.len() >= expected.len()
            && bytes.starts_with(MAGIC)
            && number(bytes, CHECKED) == Some(sum(&bytes[..CHECKED], 0));
        if is_whole {
            let version = bytes[8..12].try_into().map_or(0, u32::from_le_bytes);
            return Err(if version == VERSION { Refused::Foreign } else { Refused::Version(version) });
        }
        let starts_alike = bytes[..bytes.len().min(8)] == MAGIC[..bytes.len().min(8)];
        let ends_alike = bytes.get(12..CHECKED) == expected.get(12..CHECKED);
        Ok(if starts_alike || ends_alike { Found::Damaged } else { Found::Unknown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLE: Title = Title { number: 3, salt: 0xabc };

    #[test]
    fn a_name_says_number_and_salt() {
        assert_eq!(Title::of_name(&TITLE.name()), Ok(Some(TITLE)));
        assert_eq!(Title::of_name("lock"), Ok(None));
        for foreign in ["x.journal", "3-abc.journal", "+000000000000003-0000000000000abc.journal"] {
            assert_eq!(Title::of_name(foreign), Err(Refused::Foreign), "{foreign}");
        }
    }

    #[test]
    fn a_header_is_whole_or_damaged_or_refused() {
        let whole = TITLE.header();
        assert_eq!(whole.len() as u64, LENGTH);
        assert_eq!(TITLE.check(&whole), Ok(Found::Whole));
        for place in 0..whole.len() {
            assert_eq!(TITLE.check(&whole[..place]), Ok(Found::Damaged), "cut at {place}");
            let mut damaged = whole.clone();
            damaged[place] ^= 0x10;
            assert_eq!(TITLE.check(&damaged), Ok(Found::Damaged), "byte {place}");
        }
        assert_eq!(TITLE.check(&TITLE.header_of(2)), Err(Refused::Version(2)));
        assert_eq!(Title { number: 4, ..TITLE }.check(&whole), Err(Refused::Foreign));
        assert_eq!(TITLE.check(b"something else"), Ok(Found::Unknown));
    }
}
