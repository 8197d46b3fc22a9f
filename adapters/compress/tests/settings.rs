//! What is left alone, what is counted, and what dictionaries do.

mod samples;

use std::time::Duration;

use larder_compress::{Dictionary, Lz4, Zstd};
use larder_core::{Codec, Context, ErrorKind, Label, Life, Memory, Parcel, Random, Raw, StoreExt};
use larder_policies::Lru;
use samples::{CONTEXT, dictionary, records, text};

fn raw(plain: &[u8]) -> Parcel {
    Raw.encode(&plain.to_vec(), &CONTEXT).unwrap()
}

fn noise(length: usize) -> Vec<u8> {
    let random = Random::seeded(3);
    (0..length).map(|_| random.next() as u8).collect()
}

#[test]
fn a_small_value_is_left_alone_and_one_at_the_threshold_is_not() {
    let codec = Lz4::new();
    assert_eq!(codec.encode(&raw(&[0; 1_023]), &CONTEXT).unwrap(), raw(&[0; 1_023]));
    assert_ne!(codec.encode(&raw(&[0; 1_024]), &CONTEXT).unwrap().label.compressor, 0);
    let codec = codec.at_least(20);
    assert_eq!(codec.encode(&raw(&[0; 19]), &CONTEXT).unwrap().label.compressor, 0);
    assert_ne!(codec.encode(&raw(&[0; 20]), &CONTEXT).unwrap().label.compressor, 0);
}

#[test]
fn secrets_are_left_alone() {
    let codec = Zstd::level(3).secret("session:").secret("token:");
    let compressed = |key| {
        let context = Context { key, life: Life::DEFAULT };
        codec.encode(&raw(&text(5_000)), &context).unwrap().label.compressor != 0
    };
    assert!(compressed(b"page:1"));
    assert!(!compressed(b"session:1"));
    assert!(!compressed(b"token:1"));
    assert!(compressed(b"sessio"));
}

#[test]
fn what_is_compressed_or_sealed_already_is_refused() {
    let parcel = Zstd::level(3).encode(&raw(&text(5_000)), &CONTEXT).unwrap();
    let sealed = Parcel::new(Label { cipher: 2, ..Label::default() }, text(5_000));
    for parcel in [parcel, sealed] {
        let error = Lz4::new().encode(&parcel, &CONTEXT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Codec);
    }
}

#[test]
fn the_meter_tells_what_was_done_when_the_codec_is_in_a_store() {
    let codec = Zstd::level(3);
    let meter = codec.meter();
    let store = Memory::<Vec<u8>, Parcel, _>::new(10, Lru::new).encode(codec).encode(Raw);
    let run = |future| tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future);
    run(Box::pin(async {
        store.put(b"text".to_vec(), text(50_000)).await.unwrap();
        store.put(b"noise".to_vec(), noise(50_000)).await.unwrap();
        store.put(b"small".to_vec(), text(10)).await.unwrap();
        assert_eq!(store.value(&b"text".to_vec()).await.unwrap(), Some(text(50_000)));
    }));
    let stats = meter.stats();
    assert_eq!((stats.compressed, stats.incompressible, stats.left_alone), (1, 1, 1));
    assert_eq!((stats.decompressed, stats.refused), (1, 0));
    assert_eq!(stats.bytes_in, 100_010);
    assert!((30_000..50_000).contains(&stats.saved()), "{stats:?}");
    assert!(stats.compress_time > Duration::ZERO && stats.decompress_time > Duration::ZERO);
}

#[test]
fn what_cant_be_decompressed_is_counted() {
    let codec = Lz4::new();
    let parcel = codec.encode(&raw(&text(5_000)), &CONTEXT).unwrap();
    assert!(codec.decode(&Parcel::new(parcel.label, *b"broken"), &CONTEXT).is_err());
    assert_eq!(codec.meter().stats().refused, 1);
}

#[test]
fn a_dictionary_makes_small_values_smaller() {
    let plain = raw(&records(5_000));
    let length = |codec: Zstd| codec.at_least(0).encode(&plain, &CONTEXT).unwrap().payload().len();
    let (with, without) = (length(Zstd::with_dictionary(3, dictionary())), length(Zstd::level(3)));
    assert!(with * 2 < without, "{with} and {without} bytes");
}

#[test]
fn a_value_is_read_with_the_dictionary_it_names_and_no_other() {
    let old = dictionary();
    let new =
        Dictionary::train((5_000..8_000).map(|id| [records(id), b"v2".to_vec()].concat()), 2 << 10).unwrap();
    assert_ne!(old.id(), new.id());
    let plain = raw(&records(77));
    let write = |codec: Zstd| codec.at_least(0).encode(&plain, &CONTEXT).unwrap();
    let (by_old, by_new) =
        (write(Zstd::with_dictionary(3, old.clone())), write(Zstd::with_dictionary(3, new.clone())));
    let by_none = write(Zstd::level(3));
    let reads = |codec: &Zstd, parcel| codec.decode(parcel, &CONTEXT).is_ok_and(|read| read == plain);

    let reader = Zstd::with_dictionary(3, new.clone());
    assert!(reads(&reader, &by_new) && reads(&reader, &by_none));
    assert!(!reads(&reader, &by_old));
    assert!(!reads(&Zstd::level(3), &by_new));
    let both = Zstd::with_dictionary(3, new).and_reads(old);
    assert!(reads(&both, &by_new) && reads(&both, &by_old) && reads(&both, &by_none));
}

#[test]
fn what_is_no_dictionary_is_refused() {
    let few = Dictionary::train([b"one"], 1 << 10).err().map(|error| error.kind());
    assert_eq!(few, Some(ErrorKind::Invalid));
    assert!(Dictionary::train(Vec::<Vec<u8>>::new(), usize::MAX).is_err());
    assert!(Dictionary::of(text(500)).is_err());
    assert!(Dictionary::of(Vec::new()).is_err());
    assert!(Dictionary::of(vec![0x37, 0xa4, 0x30, 0xec, 1, 0, 0, 0, 9, 9]).is_err());
}

#[test]
fn nothing_of_a_value_is_shown() {
    let shown = format!("{:?} {:?}", Zstd::with_dictionary(3, dictionary()).secret("s"), dictionary());
    assert!(!shown.contains("user") && shown.contains("bytes"), "{shown}");
}
