//! What the headers of a response say about keeping it in a cache that is shared.

use std::time::Duration;

use http::header::{AGE, CACHE_CONTROL, EXPIRES, PRAGMA, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderName};

/// Directives that forbid a shared cache to keep a response, or to answer with it unasked.
const FORBIDS: &[&str] = &["no-store", "private", "no-cache"];

/// How long a response may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Not,
    For(Duration),
    /// It doesn't say: as long as the store has as its default.
    AsUsual,
}

/// What `headers` say; `varies` are the headers that are part of the key.
pub(super) fn verdict(headers: &HeaderMap, varies: &[HeaderName]) -> Verdict {
    let mut life = None;
    let mut shared = None;
    for directive in values(headers, &CACHE_CONTROL).flat_map(|value| value.split(',')) {
        let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
        let name = name.trim().to_ascii_lowercase();
        if FORBIDS.contains(&name.as_str()) {
            return Verdict::Not;
        }
        match name.as_str() {
            "max-age" => life = Some(shortest(life, argument)),
            "s-maxage" => shared = Some(shortest(shared, argument)),
            _ => {}
        }
    }
    let unclear = [CACHE_CONTROL, VARY, AGE].iter().any(|name| is_unreadable(headers, name));
    if unclear || headers.contains_key(SET_COOKIE) || !is_covered(headers, varies) {
        return Verdict::Not;
    }
    match shared.or(life) {
        Some(seconds) => remaining(seconds, headers),
        None if headers.contains_key(EXPIRES) || headers.contains_key(PRAGMA) => Verdict::Not,
        None => Verdict::AsUsual,
    }
}

/// The shorter of two lives that one directive, given twice, says; what can't be read is none.
fn shortest(former: Option<u64>, argument: &str) -> u64 {
    let seconds = argument.trim().trim_matches('"').parse().unwrap_or(0);
    former.map_or(seconds, |former| former.min(seconds))
}

fn remaining(seconds: u64, headers: &HeaderMap) -> Verdict {
    let age = values(headers, &AGE).map(|age| age.trim().parse().unwrap_or(u64::MAX)).max().unwrap_or(0);
    match seconds.saturating_sub(age) {
        0 => Verdict::Not,
        left => Verdict::For(Duration::from_secs(left)),
    }
}

/// Whether all that the response varies by is part of the key.
fn is_covered(headers: &HeaderMap, varies: &[HeaderName]) -> bool {
    let mut names = values(headers, &VARY).flat_map(|value| value.split(',')).map(str::trim);
    names.all(|name| name.is_empty() || varies.iter().any(|known| known.as_str().eq_ignore_ascii_case(name)))
}

fn values<'a>(headers: &'a HeaderMap, name: &'a HeaderName) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
}

/// Whether a header has a value that is no text: nobody knows what it forbids.
fn is_unreadable(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get_all(name).iter().any(|value| value.to_str().is_err())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::ACCEPT;

    use super::*;

    fn of(headers: &[(HeaderName, &str)]) -> Verdict {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        verdict(&map, &[ACCEPT])
    }

    #[test]
    fn what_is_private_secret_or_personal_is_not_kept() {
        for forbids in
            ["no-store", "Private", "max-age=60, no-cache", "private=\"x-user\"", " NO-STORE ,max-age=9"]
        {
            assert_eq!(of(&[(CACHE_CONTROL, forbids)]), Verdict::Not, "{forbids}");
        }
        assert_eq!(of(&[(CACHE_CONTROL, "max-age=60"), (CACHE_CONTROL, "private")]), Verdict::Not);
        assert_eq!(of(&[(CACHE_CONTROL, "max-age=60"), (SET_COOKIE, "id=7")]), Verdict::Not);
    }

    #[test]
    fn a_life_is_what_is_left_of_it_in_a_shared_cache() {
        let seconds = |seconds| Verdict::For(Duration::from_secs(seconds));
        assert_eq!(of(&[(CACHE_CONTROL, "public, max-age=60")]), seconds(60));
        assert_eq!(of(&[(CACHE_CONTROL, "max-age=60, s-maxage=10")]), seconds(10));
        assert_eq!(of(&[(CACHE_CONTROL, "max-age=60"), (AGE, "50")]), seconds(10));
        assert_eq!(of(&[(CACHE_CONTROL, "max-age=60, max-age=5")]), seconds(5));
        for none in ["max-age=0", "max-age=", "max-age=soon", "s-maxage=0, max-age=60", "max-age=-1"] {
            assert_eq!(of(&[(CACHE_CONTROL, none)]), Verdict::Not, "{none}");
        }
        assert_eq!(of(&[(CACHE_CONTROL, "max-age=60"), (AGE, "old")]), Verdict::Not);
    }

    #[test]
    fn what_says_nothing_is_kept_as_usual_and_old_ways_to_say_it_are_not_guessed_at() {
        assert_eq!(of(&[]), Verdict::AsUsual);
        assert_eq!(of(&[(CACHE_CONTROL, "public, immutable")]), Verdict::AsUsual);
        assert_eq!(of(&[(EXPIRES, "Thu, 01 Jan 1970 00:00:00 GMT")]), Verdict::Not);
        assert_eq!(of(&[(PRAGMA, "no-cache")]), Verdict::Not);
    }

    #[test]
    fn what_varies_by_more_than_the_key_is_not_kept() {
        assert_eq!(of(&[(VARY, "Accept")]), Verdict::AsUsual);
        assert_eq!(of(&[(VARY, "accept, accept-encoding")]), Verdict::Not);
        assert_eq!(of(&[(VARY, "accept"), (VARY, "cookie")]), Verdict::Not);
        assert_eq!(of(&[(VARY, "*")]), Verdict::Not);
    }

    #[test]
    fn what_cannot_be_read_is_not_kept() {
        assert_eq!(of(&[(CACHE_CONTROL, "max-age=60, ü")]), Verdict::Not);
        assert_eq!(of(&[(VARY, "ü")]), Verdict::Not);
    }
}
