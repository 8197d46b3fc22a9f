//! What a recorded hit allocates. The counts are the whole process's, so this is the only test in its file.

use std::alloc::System;

use larder_core::{Env, MemoryOptions, Store, StoreExt};
use larder_lab::record::{RecordExt, RecordOptions};
use larder_policies::Lru;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn a_recorded_hit_allocates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (env, manual) = Env::manual();
    let options = RecordOptions::new().keys(|key: &u64| *key).env(&env);
    let memory = MemoryOptions::new(100).env(&env).build(Lru::new);
    let store = memory.record_with(folder.path().join("t.larder"), options).unwrap();
    manual.block_on(store.put(1, String::new())).unwrap();
    // The thread that writes the file allocates now and then: one quiet stretch in many will do.
    let is_quiet = |_| {
        let region = Region::new(ALLOCATOR);
        for _ in 0..50 {
            assert!(store.get_now(&1).is_some_and(|found| found.is_hit()));
        }
        region.change().allocations == 0
    };
    assert!((0..10_000).any(is_quiet));
}
