//! What is asked for a key: an address and headers, made so that different keys ask different things.

use std::fmt;
use std::fmt::Write as _;

use larder_core::{Error, ErrorKind, Result};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

/// No longer address is asked for.
const LONGEST: usize = 16 * 1024;

/// What is asked for a key: always a `GET`.
///
/// Put keys into [`segment`](Self::segment) and [`query`](Self::query), which keep different keys different, whatever is in them.
/// Put into the key all that the answer depends on: the user, the language. Then whatever the answer's `Vary` names is the
/// same each time a key is asked for.
///
/// ```
/// use larder_http::Ask;
///
/// let ask = Ask::get("http://example.com/users").segment("Ada/Lovelace").query("lang", "de").header("accept", "text/html");
/// assert_eq!(ask.url()?.as_str(), "http://example.com/users/Ada%2FLovelace?lang=de");
/// assert!(Ask::get("http://example.com/a\nb").url().is_err());
/// # Ok::<(), larder_core::Error>(())
/// ```
///
/// # When something fails
///
/// What can't be asked is an [`ErrorKind::Invalid`] when it is loaded: an address that is none, is longer than 16 KiB, has
/// characters which parsers drop (spaces, tabs, newlines, other controls), or has a fragment; a segment `.` or `..`, which parsers
/// resolve; a user or a password in the address, which belong into a header; a header that is none.
#[derive(Clone)]
pub struct Ask {
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    /// What is wrong with it, if anything is.
    broken: Option<&'static str>,
}

impl Ask {
    /// Asks for `url`: an address of scheme `http`, or `https` with the feature `rustls`.
    pub fn get(url: impl Into<String>) -> Self {
        let mut path = url.into();
        let query = path.find('?').map_or_else(String::new, |at| path.split_off(at));
        Self { path, query, headers: Vec::new(), broken: None }
    }

    /// Adds a segment to the path: one, whatever is in it.
    pub fn segment(mut self, segment: impl AsRef<[u8]>) -> Self {
        let segment = segment.as_ref();
        if segment == b"." || segment == b".." {
            self.broken = Some("an address with a segment of dots");
        }
        if !self.path.ends_with('/') {
            self.path.push('/');
        }
        encode(segment, &mut self.path);
        self
    }

    /// Adds a parameter to the query.
    pub fn query(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.query.push(if self.query.is_empty() { '?' } else { '&' });
        encode(name.as_ref(), &mut self.query);
        self.query.push('=');
        encode(value.as_ref(), &mut self.query);
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The address.
    pub fn url(&self) -> Result<Url> {
        if let Some(broken) = self.broken {
            return Err(Error::new(ErrorKind::Invalid, broken));
        }
        let whole = format!("{}{}", self.path, self.query);
        let dropped = |c: char| c.is_ascii_control() || c.is_whitespace() || c == '\\' || c == '#';
        if whole.len() > LONGEST || whole.contains(dropped) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "an address that is too long or has a character that is dropped",
            ));
        }
        // The parser's own words would repeat nothing of the address, but say nothing either.
        let url =
            Url::parse(&whole).map_err(|_| Error::new(ErrorKind::Invalid, "an address that is none"))?;
        if !is_plain(&url) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "an address with a user in it, or whose scheme is not http",
            ));
        }
        Ok(url)
    }

    /// The headers.
    pub(crate) fn headers(&self) -> Result<HeaderMap> {
        let broken = || Error::new(ErrorKind::Invalid, "a header that is none");
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| broken())?;
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| broken())?;
            headers.try_append(name, value).map_err(|_| broken())?;
        }
        Ok(headers)
    }
}

impl fmt::Debug for Ask {
    /// Shows neither the address nor the headers: there are keys and secrets in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask").field("headers", &self.headers.len()).finish_non_exhaustive()
    }
}

/// Whether an address is one for HTTP, and has no secrets that would become a header unseen.
pub(crate) fn is_plain(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
}

/// Writes all but the unreserved characters of RFC 3986 as their bytes in hexadecimal: different bytes, different text.
fn encode(bytes: &[u8], text: &mut String) {
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(key: &[u8]) -> Option<String> {
        Ask::get("http://h/k").segment(key).url().ok().map(String::from)
    }

    proptest! {
        #[test]
        fn different_keys_ask_for_different_addresses(
            one in prop::collection::vec(prop_oneof![Just(b'.'), Just(b'/'), Just(b'%'), Just(b'\n'), any::<u8>()], 0..5),
            other in prop::collection::vec(prop_oneof![Just(b'.'), Just(b'/'), Just(b'%'), Just(b'\n'), any::<u8>()], 0..5),
        ) {
            if let (Some(a), Some(b)) = (url(&one), url(&other)) {
                prop_assert_eq!(a == b, one == other);
            }
        }

        #[test]
        fn an_address_is_what_was_asked_for_or_is_refused(text in ".{0,12}") {
            let plain = format!("http://h/{text}");
            if let Ok(url) = Ask::get(&plain).url() {
                prop_assert!(!plain.contains(char::is_whitespace) && url.host_str() == Some("h"));
            }
        }
    }

    #[test]
    fn hostile_keys_are_encoded_or_refused() {
        assert_eq!(url(b"a\nb\0 /?#%").as_deref(), Some("http://h/k/a%0Ab%00%20%2F%3F%23%25"));
        assert_eq!(url(b"").as_deref(), Some("http://h/k/"));
        assert_eq!(url(b"..."), Some("http://h/k/...".to_owned()));
        for refused in [&b"."[..], b"..", &vec![b'a'; 64 * 1024]] {
            assert_eq!(url(refused), None);
        }
    }

    #[test]
    fn an_address_that_parsers_would_change_is_refused() {
        for address in [
            "http://h/a b",
            "http://h/a\tb",
            " http://h",
            "http://h/\n",
            "ftp://h/",
            "h",
            "http://h/#a",
            "http:\\\\h",
            "http://u@h/",
            "http://:p@h/",
        ] {
            assert_eq!(Ask::get(address).url().unwrap_err().kind(), ErrorKind::Invalid, "{address:?}");
        }
    }

    #[test]
    fn a_header_that_is_none_is_refused() {
        for (name, value) in [("", "x"), ("a b", "x"), ("a", "x\r\nb: c")] {
            let ask = Ask::get("http://h").header(name, value);
            assert_eq!(ask.headers().unwrap_err().kind(), ErrorKind::Invalid);
        }
    }
}
