//! What was compressed comes back; what was damaged, cut, joined or made to explode does not, and does no harm.

mod samples;

use larder_compress::{Compressed, Compressor, Deflate, Gzip, Lz4, Zlib, Zstd};
use larder_core::{Codec, Enveloped, Parcel, Raw};
use larder_testkit::codec::{Options, conforms, fuzz, parcels};
use proptest::prelude::*;
use samples::{CONTEXT, dictionary, records, text};

/// What the tests ask of each codec.
trait Squeezing: Codec<Plain = Parcel, Encoded = Parcel> + Clone {
    fn small_too(self) -> Self;
    fn bounded(self, bytes: usize) -> Self;
}

impl<C: Compressor> Squeezing for Compressed<C> {
    fn small_too(self) -> Self {
        self.at_least(0)
    }

    fn bounded(self, bytes: usize) -> Self {
        self.at_most(bytes)
    }
}

macro_rules! for_each_codec {
    ($check:ident $(, $argument:expr)*) => {
        $check(&Deflate::level(6) $(, $argument)*);
        $check(&Zlib::level(1) $(, $argument)*);
        $check(&Gzip::level(9) $(, $argument)*);
        $check(&Zstd::level(3) $(, $argument)*);
        $check(&Zstd::with_dictionary(3, dictionary()) $(, $argument)*);
        $check(&Lz4::new() $(, $argument)*);
    };
}

fn compress(codec: &impl Squeezing, plain: &[u8]) -> Parcel {
    codec.encode(&Raw.encode(&plain.to_vec(), &CONTEXT).unwrap(), &CONTEXT).unwrap()
}

fn decompress(codec: &impl Squeezing, parcel: &Parcel) -> Option<Vec<u8>> {
    codec.decode(parcel, &CONTEXT).ok().map(Parcel::into_payload)
}

#[test]
fn the_codecs_keep_their_contract() {
    fn check<C: Squeezing>(codec: &C) {
        let options = Options::new().rounds(300);
        let chain = Raw.then(codec.clone().small_too());
        let values = [Vec::new(), vec![7], text(300), vec![0; 5_000], records(1)];
        parcels(&chain, &values, &options);
        conforms(&Raw.then(codec.clone()).then(Enveloped), &[text(2_000)], &options);
    }
    for_each_codec!(check);
}

#[test]
fn large_values_come_back_and_become_smaller() {
    fn check(codec: &impl Squeezing) {
        for plain in [text(100_000), vec![0; 900_000], [text(70_000), vec![1; 900_000]].concat()] {
            let parcel = compress(codec, &plain);
            assert!(parcel.payload().len() < plain.len() / 2, "{}", parcel.payload().len());
            assert_ne!(parcel.label.compressor, 0);
            assert!(decompress(codec, &parcel) == Some(plain));
        }
    }
    for_each_codec!(check);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_value_comes_back(noise in prop::collection::vec(any::<u8>(), 0..3_000), copies in 1_usize..50) {
        fn check(codec: &impl Squeezing, plain: &[u8]) {
            let codec = codec.clone().small_too();
            assert!(decompress(&codec, &compress(&codec, plain)).as_deref() == Some(plain));
        }
        for_each_codec!(check, &noise);
        let plain = noise.repeat(copies);
        for_each_codec!(check, &plain);
    }
}

#[test]
fn bytes_after_the_end_and_a_second_member_are_errors() {
    fn check(codec: &impl Squeezing) {
        let parcel = compress(codec, &text(5_000));
        let with = |more: &[u8]| Parcel::new(parcel.label.clone(), [parcel.payload(), more].concat());
        assert!(decompress(codec, &with(&[])).is_some());
        assert!(decompress(codec, &with(&[0])).is_none());
        assert!(decompress(codec, &with(parcel.payload())).is_none());
        let cut = Parcel::new(parcel.label.clone(), &parcel.payload()[..parcel.payload().len() - 1]);
        assert!(decompress(codec, &cut).is_none());
    }
    for_each_codec!(check);
}

#[test]
fn no_more_comes_out_than_the_bound() {
    fn check(codec: &impl Squeezing) {
        for plain in [text(20_000), vec![0; 200_000]] {
            let parcel = compress(codec, &plain);
            assert!(decompress(&codec.clone().bounded(plain.len()), &parcel).is_some());
            assert!(decompress(&codec.clone().bounded(plain.len() - 1), &parcel).is_none());
            assert!(decompress(&codec.clone().bounded(0), &parcel).is_none());
        }
    }
    for_each_codec!(check);
}

#[test]
fn what_would_not_become_smaller_is_kept_as_it_is() {
    fn check(codec: &impl Squeezing) {
        let random = larder_core::Random::seeded(3);
        for length in [0, 1, 9, 1_024, 5_000] {
            let noise: Vec<_> = (0..length).map(|_| random.next() as u8).collect();
            let parcel = compress(&codec.clone().small_too(), &noise);
            assert_eq!((parcel.label.compressor, parcel.payload()), (0, noise.as_slice()));
        }
    }
    for_each_codec!(check);
}

#[test]
fn another_codecs_parcel_is_not_read() {
    let parcel = compress(&Zstd::level(3), &text(5_000));
    assert!(decompress(&Lz4::new(), &parcel).is_none());
    assert!(decompress(&Gzip::level(6), &parcel).is_none());
    let mut relabelled = parcel.clone();
    relabelled.label.compressor = 5;
    assert!(decompress(&Lz4::new(), &relabelled).is_none());
    let mut sealed = parcel;
    sealed.label.cipher = 1;
    assert!(decompress(&Zstd::level(3), &sealed).is_none());
}

#[test]
fn no_damage_makes_a_decoder_panic() {
    fn check(codec: &impl Squeezing) {
        let codec = codec.clone().small_too().bounded(1 << 20);
        let values = [text(300), vec![0; 10_000], records(3)];
        let inputs: Vec<_> = values.iter().map(|value| compress(&codec, value)).collect();
        let label = inputs[0].label.clone();
        let inputs: Vec<_> = inputs.into_iter().map(Parcel::into_payload).collect();
        fuzz(&inputs, &Options::new().rounds(5_000), |bytes| {
            let _ = codec.decode(&Parcel::new(label.clone(), bytes), &CONTEXT);
        });
    }
    for_each_codec!(check);
}

/// What was written once must be read for ever. Never change these files: a new form is a new number.
#[test]
fn the_golden_bytes_of_each_codec_are_read() {
    fn read(codec: &impl Squeezing, golden: &[u8]) {
        let parcel = Enveloped.decode(&golden.to_vec(), &CONTEXT).unwrap();
        assert_ne!(parcel.label.compressor, 0);
        assert!(decompress(codec, &parcel) == Some(text(2_000)));
    }
    read(&Deflate::level(6), include_bytes!("golden/deflate.bin"));
    read(&Zlib::level(6), include_bytes!("golden/zlib.bin"));
    read(&Gzip::level(6), include_bytes!("golden/gzip.bin"));
    read(&Zstd::level(3), include_bytes!("golden/zstd.bin"));
    read(&Lz4::new(), include_bytes!("golden/lz4.bin"));
    let dictionary =
        larder_compress::Dictionary::of(include_bytes!("golden/dictionary.bin").to_vec()).unwrap();
    read(&Zstd::with_dictionary(3, dictionary), include_bytes!("golden/zstd_dictionary.bin"));
}
