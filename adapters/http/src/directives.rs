//! What `Cache-Control` says, read so that a prohibition is never overlooked.

use std::time::Duration;

use reqwest::header::{CACHE_CONTROL, HeaderMap, HeaderValue, VARY};

/// The directives of a response, their names in small letters, each once.
#[derive(Debug, Default)]
pub(crate) struct Directives(Vec<(String, Option<String>)>);

impl Directives {
    /// Those of `headers`; `None` if they can't be read, or contradict each other.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut read = Self::default();
        for value in headers.get_all(CACHE_CONTROL) {
            for part in value.to_str().ok()?.split(',') {
                let (name, argument) = match part.split_once('=') {
                    Some((name, argument)) => (name, Some(argument.trim().trim_matches('"').to_owned())),
                    None => (part, None),
                };
                read.add(name.trim().to_ascii_lowercase(), argument)?;
            }
        }
        Some(read)
    }

    fn add(&mut self, name: String, argument: Option<String>) -> Option<()> {
        if name.is_empty() {
            return Some(());
        }
        match self.0.iter().find(|(known, _)| *known == name) {
            None => self.0.push((name, argument)),
            Some((_, known)) if *known == argument => {}
            Some(_) => return None,
        }
        Some(())
    }

    /// Whether a directive is there, with an argument or without.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The seconds of a directive: zero if it is not there, or its argument is none.
    pub(crate) fn seconds(&self, name: &str) -> Duration {
        let argument =
            self.0.iter().find(|(known, _)| known == name).and_then(|(_, argument)| argument.as_ref());
        let digits =
            argument.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
        // More digits than a number has are a very long time.
        digits.map_or(Duration::ZERO, |text| Duration::from_secs(text.parse().unwrap_or(u64::MAX)))
    }

    /// The same as one header. Nothing in it needs quotes that are gone: what has them is no number.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let part = |(name, argument): &(String, Option<String>)| match argument {
            Some(argument) => format!("{name}={argument}"),
            None => name.clone(),
        };
        let parts: Vec<_> = self.0.iter().map(part).collect();
        HeaderValue::try_from(parts.join(", ")).ok()
    }
}

/// Whether the answer depends on more than the request says: `Vary: *`, or one that can't be read.
pub(crate) fn varies_on_everything(headers: &HeaderMap) -> bool {
    let names = |value: &HeaderValue| {
        value.to_str().map_or(true, |names| names.split(',').any(|name| name.trim() == "*"))
    };
    headers.get_all(VARY).iter().any(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&[u8]]) -> Option<Directives> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CACHE_CONTROL, HeaderValue::from_bytes(value).unwrap());
        }
        Directives::of(&headers)
    }

    #[test]
    fn names_are_read_in_any_letters_and_over_several_headers() {
        let read = read(&[b"Max-Age=60 , ,No-Store", b"PRIVATE=\"x\""]).unwrap();
        assert!(read.has("no-store") && read.has("private") && !read.has("public"));
        assert_eq!(read.seconds("max-age"), Duration::from_mins(1));
        assert_eq!(read.header().unwrap(), "max-age=60, no-store, private=x");
    }

    #[test]
    fn what_contradicts_itself_or_is_no_text_is_not_read() {
        assert!(read(&[b"max-age=60", b"max-age=0"]).is_none());
        assert!(read(&[b"no-store, x=\xff"]).is_none());
        assert!(read(&[b"max-age=60, max-age=60"]).is_some());
    }

    #[test]
    fn seconds_that_are_no_number_are_none_and_too_many_are_a_very_long_time() {
        let read = read(&[b"a=-1, b=1.5, c=, d, e=99999999999999999999999, f=\"7\""]).unwrap();
        let seconds = ["a", "b", "c", "d", "e", "f"].map(|name| read.seconds(name).as_secs());
        assert_eq!(seconds, [0, 0, 0, 0, u64::MAX, 7]);
    }
}
