//! A recording holds what passed the store, costs next to nothing, and never fails a request.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder_core::{Entry, Env, ErrorKind, Lookup, Manual, Memory, MemoryOptions, Store, StoreExt};
use larder_lab::record::{RecordExt, RecordOptions, Recorded};
use larder_lab::trace::{self, Request};
use larder_policies::Lru;
use larder_testkit::store::{Options, conforms};
use tempfile::TempDir;

const MICRO: Duration = Duration::from_micros(1);

/// A store of strings on a manual clock, recorded with its keys as they are.
struct Desk {
    folder: TempDir,
    manual: Manual,
    store: Recorded<Memory<u64, String, Lru>>,
}

impl Desk {
    fn new(capacity: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (env, manual) = Env::manual();
        let options = RecordOptions::new().keys(|key: &u64| *key).env(&env);
        let options = options.sizes(|_, value: &String| value.len() as u32);
        let memory = MemoryOptions::new(capacity).env(&env).shards(1).build(Lru::new);
        let store = memory.record_with(folder.path().join("t.larder"), options).unwrap();
        Self { folder, manual, store }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("t.larder")
    }

    /// Loads what is missing in `load`, as a cache-aside would.
    fn read(&self, key: u64, load: Duration) {
        self.manual.advance(MICRO);
        if let Lookup::Miss(lease) = self.manual.block_on(self.store.get(&key)).unwrap() {
            self.manual.advance(load);
            let entry = Entry::new("x".repeat(key as usize)).ttl(Duration::from_secs(key));
            assert!(self.manual.block_on(self.store.fill(key, entry, lease)).unwrap().is_stored());
        }
    }

    fn closed(self) -> (TempDir, Vec<Request>) {
        self.manual.block_on(self.store.close()).unwrap();
        let requests = trace::open(self.path()).unwrap().map(Result::unwrap).collect();
        (self.folder, requests)
    }
}

#[test]
fn a_recording_tells_keys_sizes_times_lives_and_costs() {
    let desk = Desk::new(100);
    let load = Duration::from_millis(3);
    desk.read(7, load);
    desk.read(9, load);
    desk.read(7, load);
    let (_folder, requests) = desk.closed();
    let micros = |at: Duration| at.as_micros();
    let told = requests.iter().map(|one| (one.key, one.size, micros(one.at.unwrap()), one.cost.map(micros)));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [(7, 7, 1, Some(3_000)), (9, 9, 3_002, Some(3_000)), (7, 7, 6_003, None)]
    );
    let ttls: Vec<_> = requests.iter().map(|one| one.ttl.unwrap().as_secs()).collect();
    assert_eq!(ttls, [7, 9, 7], "of hits, too");
}

#[test]
fn a_write_answers_a_miss_as_a_fill_does() {
    let desk = Desk::new(100);
    let Desk { manual, store, .. } = &desk;
    manual.advance(MICRO);
    assert_eq!(manual.block_on(store.value(&5)).unwrap(), None);
    manual.advance(MICRO * 40);
    manual.block_on(store.put(5, "five".to_owned())).unwrap();
    manual.block_on(store.put(6, "never read".to_owned())).unwrap();
    assert!(manual.block_on(store.remove(&5)).unwrap());
    let (_folder, requests) = desk.closed();
    assert_eq!(requests.len(), 1, "writes and removals are no requests");
    assert_eq!((requests[0].size, requests[0].cost), (4, Some(MICRO * 40)));
}

#[test]
fn a_replay_of_the_recording_misses_what_the_store_missed() {
    use larder_lab::{contender::Contender, replay::Watch, workload::Spec, workload::Workload};
    let desk = Desk::new(50);
    let mut missed = 0;
    for key in larder_lab::generate::Zipf::new(400, 0.8, 3).take(5_000).map(|rank| rank + 1) {
        missed += u64::from(desk.store.inner().get(&key).is_none());
        desk.read(key, MICRO);
    }
    let path = desk.path();
    let (_folder, requests) = desk.closed();
    assert_eq!(requests.len(), 5_000);
    let workload = Workload::read(trace::open(path).unwrap(), &Watch::default()).unwrap();
    let specs = [Spec::objects(Contender::named("lru").unwrap(), 50)];
    let tally = workload.replay(&specs, &Watch::default())[0].unwrap();
    assert_eq!(tally.misses, missed);
}

#[test]
fn the_trace_holds_no_keys_and_two_recordings_no_common_names() {
    let folder = tempfile::tempdir().unwrap();
    let (_env, manual) = Env::manual();
    let names = |file: &str| -> Vec<u64> {
        let path = folder.path().join(file);
        let store = Memory::<String, u64, _>::new(10, Lru::new).record(&path).unwrap();
        for key in ["secret", "secret", "other"] {
            assert!(!manual.block_on(store.get(&key.to_owned())).unwrap().is_hit());
        }
        drop(store);
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"secret"));
        trace::open(&path).unwrap().map(|request| request.unwrap().key).collect()
    };
    let (one, other) = (names("a.larder"), names("b.larder"));
    assert_eq!(one.len(), 3);
    assert!(one.iter().all(|name| !other.contains(name)));
    let mut unique = one;
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), 2);
}

#[test]
fn a_sample_has_all_requests_of_some_keys() {
    let folder = tempfile::tempdir().unwrap();
    let (path, manual) = (folder.path().join("t.larder"), Env::manual().1);
    let options = RecordOptions::new().keys(|key: &u64| *key).sample(0.1);
    let store = Memory::<u64, u64, _>::new(10, Lru::new).record_with(&path, options).unwrap();
    for key in (0..1_000_u64).chain(0..1_000) {
        assert!(!manual.block_on(store.get(&key)).unwrap().is_hit());
    }
    manual.block_on(store.close()).unwrap();
    let mut keys: Vec<u64> = trace::open(&path).unwrap().map(|request| request.unwrap().key).collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(all, keys.len() * 2);
    assert!((60..140).contains(&keys.len()), "{} of 1,000 keys", keys.len());
}

#[test]
fn a_path_that_cannot_be_written_is_told_at_the_beginning() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("no/such/t.larder")] {
        let error = Memory::<u64, u64, _>::new(10, Lru::new).record(path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_fails_no_request_and_is_told_at_close() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.larder");
    std::os::unix::fs::symlink("/dev/full", folder.path().join("t.larder.part")).unwrap();
    let manual = Env::manual().1;
    let store = Memory::<u64, u64, _>::new(1_000, Lru::new).record(&path).unwrap();
    for key in 0..300_000 {
        assert!(!manual.block_on(store.get(&key)).unwrap().is_hit());
    }
    let error = manual.block_on(store.close()).unwrap_err();
    assert_eq!((error.kind(), error.doing()), (ErrorKind::Store, "recording requests"));
    assert!(store.recording().failure.is_some());
    assert!(!path.exists(), "nothing half written gets the name");
    manual.block_on(store.close()).expect("closing again does nothing");
    assert!(!manual.block_on(store.get(&1)).unwrap().is_hit(), "requests go on");
}

#[test]
fn a_function_that_panics_fails_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let (path, manual) = (folder.path().join("t.larder"), Env::manual().1);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let options = RecordOptions::new().sizes(|key: &u64, _: &u64| {
        assert!(*key != 13, "unlucky");
        1
    });
    let store = Memory::<u64, u64, _>::new(100, Lru::new).record_with(&path, options).unwrap();
    for key in [13, 14] {
        manual.block_on(store.put(key, key)).unwrap();
        assert_eq!(manual.block_on(store.value(&key)).unwrap(), Some(key));
    }
    std::panic::set_hook(hook);
    assert_eq!(store.recording().lost, 2, "the write and the look-up of 13");
    manual.block_on(store.close()).unwrap();
    assert_eq!(trace::open(&path).unwrap().count(), 1);
}

#[test]
fn dropping_the_store_completes_the_file() {
    let desk = Desk::new(10);
    desk.read(3, MICRO);
    let Desk { folder, store, .. } = desk;
    let [path, part] = ["t.larder", "t.larder.part"].map(|name| folder.path().join(name));
    assert!(part.exists() && !path.exists());
    drop(store);
    assert!(!part.exists() && path.exists());
}

#[test]
fn many_threads_lose_nothing_that_the_writer_keeps_up_with() {
    const EACH: u64 = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let (path, manual) = (folder.path().join("t.larder"), Env::manual().1);
    let options = RecordOptions::new().keys(|key: &u64| *key);
    let store = Memory::<u64, u64, _>::new(100, Lru::new).record_with(&path, options).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            let manual = Env::manual().1;
            scope.spawn(move || {
                for at in 0..EACH {
                    let _ = manual.block_on(store.get(&(thread * EACH + at))).unwrap();
                }
            });
        }
    });
    manual.block_on(store.close()).unwrap();
    let recording = store.recording();
    assert_eq!(recording.written + recording.lost, 4 * EACH, "what is not written is counted");
    let requests: Vec<Request> = trace::open(&path).unwrap().map(Result::unwrap).collect();
    assert_eq!(requests.len() as u64, recording.written);
    for thread in 0..4 {
        let keys = requests.iter().map(|one| one.key).filter(|key| key / EACH == thread);
        assert!(keys.is_sorted(), "each thread's requests are in its order");
    }
}

#[test]
fn a_recorded_store_keeps_the_contract() {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let folder = tempfile::tempdir().unwrap();
    let (env, manual) = Env::manual();
    let options = Options::manual(|n| format!("key {n}"), |n| n, &manual).coarse_leases();
    let make = async || {
        let path = folder.path().join(NUMBER.fetch_add(1, Ordering::Relaxed).to_string());
        MemoryOptions::new(1_000).env(&env).build(Lru::new).record(path).unwrap()
    };
    manual.block_on(conforms(make, &options));
    assert!(NUMBER.load(Ordering::Relaxed) > 5);
}
