//! How long an answer may be used: RFC 9111 and RFC 5861 as the two deadlines of an entry.

use std::time::{Duration, SystemTime};

use http_cache_semantics::{CacheOptions, CachePolicy};
use reqwest::StatusCode;
use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap, HeaderValue};

use crate::directives::{Directives, varies_on_everything};

/// No answer is older, or lives longer: a hundred years.
const AGES: Duration = Duration::from_hours(100 * 365 * 24);

/// Whose cache it is, and what it may do of its own accord.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) shared: bool,
    pub(crate) heuristic: f32,
    pub(crate) stale: Duration,
}

/// How long an answer may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// Whether it may be kept at all.
    pub(crate) kept: bool,
    /// How long it is fresh.
    pub(crate) fresh: Duration,
    /// How long it may be used after that, where there is no better one.
    pub(crate) stale: Duration,
}

impl Allowed {
    /// It is for those who waited for it, and nobody else.
    pub(crate) const NOT_KEPT: Self = Self { kept: false, fresh: Duration::ZERO, stale: Duration::ZERO };

    /// What both allow.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            kept: self.kept && other.kept,
            fresh: self.fresh.min(other.fresh),
            stale: self.stale.min(other.stale),
        }
    }
}

impl Terms {
    /// What an answer allows that was asked for with `request` headers `ago`.
    pub(crate) fn allowed(
        self,
        request: &HeaderMap,
        status: StatusCode,
        response: &HeaderMap,
        ago: Duration,
    ) -> Allowed {
        let Some(directives) = Directives::of(response) else { return Allowed::NOT_KEPT };
        if varies_on_everything(response) {
            return Allowed::NOT_KEPT;
        }
        let now = SystemTime::now();
        let policy = self.policy(request, status, &plain(response, &directives), now);
        if !policy.is_storable() {
            return Allowed::NOT_KEPT;
        }
        let fresh = policy.time_to_live(now.checked_add(ago).unwrap_or(now)).min(AGES);
        Allowed { kept: true, fresh, stale: self.stale_window(&directives) }
    }

    fn policy(
        self,
        request: &HeaderMap,
        status: StatusCode,
        response: &HeaderMap,
        now: SystemTime,
    ) -> CachePolicy {
        // The address plays no part: each key has its own.
        let (mut asked, mut answered) = (http::Request::new(()), http::Response::new(()));
        *asked.headers_mut() = request.clone();
        *answered.headers_mut() = response.clone();
        *answered.status_mut() = status;
        let options = CacheOptions {
            shared: self.shared,
            cache_heuristic: self.heuristic,
            immutable_min_time_to_live: Duration::ZERO,
            ignore_cargo_cult: false,
        };
        CachePolicy::new_options(&asked, &answered, now, options)
    }

    /// How long past its freshness the answer may be used; zero if it says that it must not.
    fn stale_window(self, directives: &Directives) -> Duration {
        let forbidden = ["no-cache", "must-revalidate"].iter().any(|name| directives.has(name));
        let not_shared = ["proxy-revalidate", "s-maxage"].iter().any(|name| directives.has(name));
        if forbidden || (self.shared && not_shared) {
            return Duration::ZERO;
        }
        let allowed = directives.seconds("stale-while-revalidate").max(directives.seconds("stale-if-error"));
        allowed.min(self.stale)
    }
}

/// The headers with one `Cache-Control` that says what it says in small letters, and an age that can be reckoned with.
fn plain(response: &HeaderMap, directives: &Directives) -> HeaderMap {
    let mut headers = response.clone();
    if headers.remove(CACHE_CONTROL).is_some() {
        let said = directives.header().unwrap_or(HeaderValue::from_static("no-store"));
        headers.insert(CACHE_CONTROL, said);
    }
    let ages =
        headers.get_all(AGE).iter().map(|age| age.to_str().ok().and_then(|age| age.trim().parse().ok()));
    // An age that is none is a great one: whoever wrote it meant something.
    if let Some(oldest) = ages.map(|age| age.unwrap_or(u64::MAX)).max() {
        headers.insert(AGE, HeaderValue::from(oldest.min(AGES.as_secs())));
    }
    headers
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever a remote writes: no panic, no life beyond reckoning, and what says "no-store" has none.
        #[test]
        fn no_header_does_harm(
            pairs in prop::collection::vec((0..7_usize, prop_oneof![
                "[ -~]{0,30}", "(no-store|max-age|s-maxage|public|private)(=[0-9\"]{0,22})?(, ?[a-z=0-9-]{0,20}){0,3}", "[0-9]{0,25}",
                "(Mon|Sun), [0-9]{2} (Jan|Feb) [0-9]{1,6} [0-9]{2}:[0-9]{2}:[0-9]{2} (GMT|\\+[0-9]{4})"]), 0..6),
            heuristic in 0.0..=1.0_f32, shared: bool,
        ) {
            const NAMES: [&str; 7] = ["cache-control", "age", "expires", "date", "vary", "last-modified", "pragma"];
            let mut headers = HeaderMap::new();
            for (name, value) in &pairs {
                headers.append(NAMES[*name], HeaderValue::try_from(value).unwrap());
            }
            let terms = Terms { shared, heuristic, ..TERMS };
            let allowed = terms.allowed(&HeaderMap::new(), StatusCode::OK, &headers, Duration::from_secs(1));
            prop_assert!(allowed.fresh <= AGES && allowed.stale <= AGES);
            let forbids = |(name, value): &(usize, String)| *name == 0 && value.split(',').any(|part| part.trim() == "no-store");
            prop_assert!(!(allowed.kept && pairs.iter().any(forbids)));
        }
    }

    const TERMS: Terms = Terms { shared: true, heuristic: 0.0, stale: AGES };

    fn allowed(terms: Terms, headers: &[(&'static str, &'static str)]) -> Allowed {
        let mut response = HeaderMap::new();
        for (name, value) in headers {
            response.append(*name, HeaderValue::from_static(value));
        }
        terms.allowed(&HeaderMap::new(), StatusCode::OK, &response, Duration::ZERO)
    }

    fn fresh(headers: &[(&'static str, &'static str)]) -> u64 {
        allowed(TERMS, headers).fresh.as_secs()
    }

    #[test]
    fn the_life_is_what_is_left_of_it() {
        assert_eq!(fresh(&[("cache-control", "max-age=60")]), 60);
        assert_eq!(fresh(&[("cache-control", "max-age=60"), ("age", "45")]), 15);
        assert_eq!(fresh(&[("cache-control", "max-age=60"), ("age", "75")]), 0);
        assert_eq!(fresh(&[("cache-control", "max-age=60, s-maxage=5")]), 5);
        let dates = [("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("expires", "Sun, 06 Nov 1994 08:50:37 GMT")];
        assert_eq!(fresh(&dates), 60);
        assert_eq!(fresh(&[("expires", "0")]), 0);
        assert_eq!(fresh(&[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")]), 0, "nothing is guessed");
    }

    #[test]
    fn what_the_request_took_is_gone_of_it() {
        let mut response = HeaderMap::new();
        response.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
        let late = TERMS.allowed(&HeaderMap::new(), StatusCode::OK, &response, Duration::from_secs(50));
        assert_eq!(late.fresh, Duration::from_secs(10));
    }

    #[test]
    fn what_forbids_it_is_not_kept_however_it_is_written() {
        for forbidden in ["no-store", "No-Store, max-age=60", "max-age=60, PRIVATE", "max-age=60, max-age=0"]
        {
            assert_eq!(allowed(TERMS, &[("cache-control", forbidden)]), Allowed::NOT_KEPT, "{forbidden}");
        }
        let star = [("cache-control", "max-age=60"), ("vary", "accept"), ("vary", "accept, *")];
        assert_eq!(allowed(TERMS, &star), Allowed::NOT_KEPT);
        let private = Terms { shared: false, ..TERMS };
        assert_eq!(allowed(private, &[("cache-control", "private, max-age=9")]).fresh.as_secs(), 9);
    }

    #[test]
    fn what_must_be_asked_again_is_kept_without_a_life() {
        for directive in ["no-cache", "No-Cache, max-age=60, stale-if-error=60", "max-age=0"] {
            let allowed = allowed(TERMS, &[("cache-control", directive)]);
            assert_eq!(allowed, Allowed { kept: true, ..Allowed::NOT_KEPT }, "{directive}");
        }
    }

    #[test]
    fn stale_windows_are_the_longer_of_the_two_up_to_the_bound_unless_forbidden() {
        let stale =
            |terms: Terms, directives| allowed(terms, &[("cache-control", directives)]).stale.as_secs();
        assert_eq!(stale(TERMS, "max-age=1, stale-while-revalidate=10, stale-if-error=300"), 300);
        assert_eq!(
            stale(Terms { stale: Duration::from_secs(20), ..TERMS }, "max-age=1, stale-if-error=300"),
            20
        );
        for forbidding in ["must-revalidate", "Proxy-Revalidate", "s-maxage=1", "no-cache"] {
            let directives = format!("max-age=1, stale-if-error=300, {forbidding}");
            let mut response = HeaderMap::new();
            response.insert(CACHE_CONTROL, HeaderValue::try_from(directives).unwrap());
            let allowed = TERMS.allowed(&HeaderMap::new(), StatusCode::OK, &response, Duration::ZERO);
            assert_eq!(allowed.stale, Duration::ZERO, "{forbidding}");
        }
    }

    #[test]
    fn ages_and_lives_beyond_reckoning_do_no_harm() {
        for age in ["18446744073709551615", "99999999999999999999", "-1", "never"] {
            let headers = [("cache-control", "max-age=18446744073709551615"), ("age", age)];
            let allowed = allowed(TERMS, &headers);
            assert!(allowed.fresh <= AGES, "{age}");
        }
    }

    #[test]
    fn what_was_asked_for_with_a_secret_is_kept_only_if_it_says_so() {
        let mut request = HeaderMap::new();
        request.insert("authorization", HeaderValue::from_static("secret"));
        let kept = |directives| {
            let mut response = HeaderMap::new();
            response.insert(CACHE_CONTROL, HeaderValue::from_static(directives));
            TERMS.allowed(&request, StatusCode::OK, &response, Duration::ZERO).kept
        };
        assert!(!kept("max-age=60"));
        assert!(kept("max-age=60, public"));
    }
}
