//! Recording: a cache in production writes down which keys it is asked for, hashed; the lab replays *that* traffic and says
//! which policy would have missed least, and how large a cache pays.
//!
//! Use it before you choose a policy by its fame. It costs a hash, a look at the clock and a short lock a look-up; with
//! `sample(0.1)` nine keys of ten cost the hash alone. The file grows by a few bytes a look-up.

use std::time::Duration;

use larder::lab::contender::Contender;
use larder::lab::counsel::{Counsel, around};
use larder::lab::curve::exact;
use larder::lab::generate::sample;
use larder::lab::record::{RecordExt, RecordOptions};
use larder::lab::replay::Watch;
use larder::lab::simulator::Weighing;
use larder::lab::trace;
use larder::lab::workload::Workload;
use larder::policies::Lru;
use larder::prelude::*;

const CAPACITY: u64 = 2_000;
const READS: usize = 100_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("today.larder");

    // A day in production: an LRU cache before an origin, recorded between the two.
    let (env, manual) = Env::manual();
    let options = RecordOptions::new().sizes(|_key, page: &String| page.len() as u32).env(&env);
    let memory = MemoryOptions::new(CAPACITY).shards(1).env(&env).build(Lru::new);
    let time = manual.clone();
    let origin = move |id: u64| {
        time.advance(Duration::from_millis(5));
        async move { Ok(Some(format!("page {id}"))) }
    };
    let pages = memory.record_with(&path, options)?.read_through_in(origin, &env);
    for id in sample(1).take(READS) {
        manual.advance(Duration::from_millis(1));
        assert!(manual.block_on(pages.value(&id))?.is_some());
    }
    manual.block_on(pages.close())?;
    println!("recorded {} look-ups in {} bytes", READS, std::fs::metadata(&path)?.len());

    // At the desk: replay them through every policy, at this capacity, half of it and twice as much.
    let workload = Workload::read(trace::open(&path)?, &Watch::default())?;
    let contenders: Vec<_> = Contender::all().into_iter().filter(|one| one.is_online()).collect();
    let curves = exact(&workload, &contenders, &around(CAPACITY), Weighing::Objects, &Watch::default());
    let counsel = Counsel::of(&curves).ok_or("there is nothing to compare")?;
    let lru =
        curves.iter().find(|curve| curve.policy == "lru").map_or(1.0, |curve| curve.points[1].miss_ratio);
    let [half, here, twice] = counsel.misses;
    println!("  as it was, LRU       {:.1}% miss", lru * 100.0);
    println!(
        "  {:<20} {:.1}% would; with half the room {:.1}%, with twice {:.1}%",
        counsel.choice.title(),
        here * 100.0,
        half * 100.0,
        twice * 100.0
    );
    assert_eq!(workload.totals.requests, READS as u64);
    assert!(here < lru, "another policy serves this traffic better");
    Ok(())
}
