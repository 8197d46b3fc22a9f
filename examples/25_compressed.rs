//! Compression: values made smaller before they leave the process, where that pays.
//!
//! Use it when the far store's memory or the network costs more than the work: Zstandard for most values, LZ4 for those
//! that are read all the time, a trained dictionary for many small ones that are alike. It costs the work on every read
//! of the far store. Small values, and those that would not become smaller, are kept as they are; what comes back is
//! decompressed under a bound, so that a damaged or hostile store can't fill the memory.

use larder::compress::{Dictionary, Lz4, Zstd};
use larder::policies::Lru;
use larder::prelude::*;
use larder::serde::Json;
use larder::{Parcel, Result};

type Order = Vec<(String, u32)>;

fn order(number: u32) -> Order {
    (0..number).map(|line| (format!("article number {line}"), line * number % 97)).collect()
}

fn main() -> Result<()> {
    let (env, manual) = Env::manual();
    let remote = || MemoryOptions::<String, Parcel>::new(1_000).env(&env).build(Lru::new).shared();
    manual.block_on(async {
        let kept = remote();
        let zstd = Zstd::level(3);
        let meter = zstd.meter();
        let orders = kept.clone().encode(zstd).encode(Json::<Order>::new());
        orders.put("order:1".to_owned(), order(200)).await?;
        orders.put("order:2".to_owned(), order(2)).await?;
        assert_eq!(orders.value(&"order:1".to_owned()).await?, Some(order(200)));
        let stats = meter.stats();
        assert_eq!((stats.compressed, stats.left_alone), (1, 1));
        println!("one order of 200 lines: {} bytes instead of {}", stats.bytes_out, stats.bytes_in);
        println!("and one of two lines, which is too small to bother");

        // What a value was compressed with stands on its label: another codec reads a miss.
        let lz4 = kept.clone().encode(Lz4::new()).encode(Json::<Order>::new());
        assert_eq!(lz4.value(&"order:1".to_owned()).await?, None);
        assert_eq!(lz4.inner().decode_failures(), 1);
        println!("LZ4 doesn't read what Zstandard wrote: a miss, counted");

        let samples = (1..500).map(|number| format!("{:?}", order(number % 4)));
        let dictionary = Dictionary::train(samples, 4 << 10)?;
        let zstd = Zstd::with_dictionary(3, dictionary).at_least(0);
        let meter = zstd.meter();
        let small = remote().encode(zstd).encode(Json::<Order>::new());
        small.put("order:2".to_owned(), order(2)).await?;
        assert!(meter.stats().saved() > 0);
        println!(
            "with a dictionary even that: {} bytes instead of {}",
            meter.stats().bytes_out,
            meter.stats().bytes_in
        );
        Ok(())
    })
}
