//! What is written is read again as it was, and what was damaged on the way is never read as something else.

use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use larder_lab::trace::{self, Columns, Error, Format, Place, Problem, Request};
use proptest::prelude::*;

/// Keeps what is written after its owner is gone.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn written(format: &str, requests: &[Request]) -> Vec<u8> {
    let output = Shared::default();
    let mut sink = Format::named(format).unwrap().sink(Box::new(output.clone())).expect("it can be written");
    for request in requests {
        sink.write(request).unwrap();
    }
    sink.finish().unwrap();
    let bytes = output.0.lock().unwrap();
    bytes.clone()
}

fn read(bytes: &[u8], format: &str) -> Result<Vec<Request>, Error> {
    trace::read_as(Cursor::new(bytes.to_vec()), "t", Format::named(format).unwrap())?.collect()
}

fn with_columns(text: &str, columns: &str) -> Result<Vec<Request>, String> {
    let columns: Columns = columns.parse().unwrap();
    let input = Cursor::new(text.to_owned());
    let trace =
        trace::read_with(input, "t", Format::named("csv"), &columns).map_err(|error| error.to_string())?;
    trace.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn micros() -> impl Strategy<Value = Option<Duration>> {
    proptest::option::of((0_u64..1 << 40).prop_map(Duration::from_micros))
}

prop_compose! {
    fn request()(key in prop_oneof![0_u64..50, any::<u64>()], size in prop_oneof![Just(1), any::<u32>()],
                 at in micros(), ttl in micros(), cost in micros()) -> Request {
        let mut request = Request::new(key);
        (request.size, request.at, request.ttl, request.cost) = (size, at, ttl, cost);
        request
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn everything_survives_the_projects_own_format(requests in prop::collection::vec(request(), 1..300)) {
        let bytes = written("larder", &requests);
        let detected = trace::read(Cursor::new(bytes.clone()), "anything").unwrap();
        prop_assert_eq!(detected.format().name, "larder");
        prop_assert_eq!(read(&bytes, "larder").unwrap(), requests);
    }

    #[test]
    fn everything_survives_csv(requests in prop::collection::vec(request(), 1..100)) {
        let bytes = written("csv", &requests);
        let detected = trace::read(Cursor::new(bytes.clone()), "anything").unwrap();
        prop_assert_eq!(detected.format().name, "csv");
        prop_assert_eq!(read(&bytes, "csv").unwrap(), requests);
    }

    #[test]
    fn keys_sizes_and_seconds_survive_oracle_general(requests in prop::collection::vec(request(), 1..100)) {
        let whole = |request: &Request| Duration::from_secs(request.at.map_or(0, |at| at.as_secs()));
        let told = |request: &Request| (request.key, request.size, whole(request));
        let again = read(&written("oracle-general", &requests), "oracle-general").unwrap();
        prop_assert_eq!(again.iter().map(told).collect::<Vec<_>>(), requests.iter().map(told).collect::<Vec<_>>());
    }

    #[test]
    fn a_cut_or_a_flipped_bit_is_always_noticed(
        requests in prop::collection::vec(request(), 1..50), at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let bytes = written("larder", &requests);
        let mut flipped = bytes.clone();
        flipped[at.index(bytes.len())] ^= 1 << bit;
        prop_assert!(read(&flipped, "larder").is_err());
        prop_assert!(read(&bytes[..at.index(bytes.len())], "larder").is_err());
    }

    #[test]
    fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in trace::FORMATS {
            let _ = read(&noise, format.name);
            let _ = read(&[b"larder\x01", &noise[..]].concat(), format.name);
        }
    }
}

#[test]
fn blocks_end_where_they_must() {
    let requests: Vec<Request> = (0..200_000_u64).map(|at| Request::new(at % 1000)).collect();
    let bytes = written("larder", &requests);
    assert!(bytes.len() < 20_000, "{} bytes for a loop", bytes.len());
    assert_eq!(read(&bytes, "larder").unwrap(), requests);
}

#[test]
fn what_is_wrong_with_a_file_of_ours_is_told() {
    let bytes = written("larder", &[Request::new(1), Request::new(2)]);
    let problem = |bytes: &[u8]| read(bytes, "larder").unwrap_err();
    let mut newer = bytes.clone();
    newer[6] = 2;
    assert!(matches!(problem(&newer).problem(), Problem::Version(2)));
    let cut = problem(&bytes[..bytes.len() - 1]);
    assert!(matches!(cut.problem(), Problem::CutOff), "{cut}");
    assert_eq!(cut.place(), Some(Place::Block(2)));
    let mut damaged = bytes.clone();
    damaged[20] ^= 1;
    let damaged = problem(&damaged);
    assert!(matches!(damaged.problem(), Problem::Damaged), "{damaged}");
    assert!(matches!(problem(b"something else").problem(), Problem::Expected(_)));
}

#[test]
fn columns_are_chosen_by_number_or_by_title() {
    let text = "when,what,bytes\n1.5,a,10\n2,\"b,c\",20\n";
    let by_title = with_columns(text, "key=what,size=bytes,time=when").unwrap();
    assert_eq!(by_title[0].size, 10);
    assert_eq!(by_title[0].at, Some(Duration::from_millis(1500)));
    assert_eq!(with_columns(text, "key=2,size=3,time=1").unwrap(), by_title, "the titles are no request");
    assert_ne!(by_title[0].key, by_title[1].key);
    assert_eq!(with_columns("5,7\n6,8\n", "key=2").unwrap().iter().map(|one| one.key).sum::<u64>(), 15);
}

#[test]
fn a_column_that_is_not_there_is_an_error_with_its_line() {
    assert!(with_columns("a,b\n1,2\n", "key=name").unwrap_err().contains("no column has the title \"name\""));
    assert!(with_columns("1,2\n", "key=3").unwrap_err().contains("no column 3"));
    assert!(with_columns("1,2\n1\n", "key=2").unwrap_err().contains("line 2"));
    assert!(with_columns("1,2\n1,x\n", "key=1,size=2").unwrap_err().contains("line 2: expected a size"));
    assert!(
        with_columns("1,2\n1,5000000000\n", "key=1,size=2")
            .unwrap_err()
            .contains("line 2: a number is too large")
    );
    assert!("size=2".parse::<Columns>().is_err(), "there must be a key");
}

#[test]
fn twitter_traces_tell_sizes_times_and_ttls() {
    let text = "0,user:7,6,94,3,get,0\n5,user,8,6,4,3,set,600\n";
    let trace = trace::read(Cursor::new(text), "cluster52").unwrap();
    assert_eq!(trace.format().name, "twitter");
    let requests: Vec<Request> = trace.map(Result::unwrap).collect();
    assert_eq!((requests[0].size, requests[1].size), (100, 10));
    assert_eq!((requests[0].ttl, requests[1].ttl), (None, Some(Duration::from_mins(10))));
    assert_eq!(requests[1].at, Some(Duration::from_secs(5)));
    assert!(read(b"1,2,3\n", "twitter").unwrap_err().to_string().contains("line 1: expected seven fields"));
}

#[test]
fn requests_survive_a_round_of_all_formats() {
    let mut requests: Vec<Request> = (0..1000_u64).map(|at| Request::new(at * at % 97)).collect();
    let keys: Vec<u64> = requests.iter().map(|request| request.key).collect();
    for format in ["larder", "csv", "oracle-general", "keys"] {
        requests = read(&written(format, &requests), format).unwrap();
    }
    assert_eq!(requests.iter().map(|request| request.key).collect::<Vec<_>>(), keys);
}
