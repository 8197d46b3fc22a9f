//! Known answers from the standards' own vectors.

use super::*;

fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Seals as the standard says, opens it again, and opens nothing that was changed.
#[track_caller]
fn answers(kind: Kind, key: &str, nonce: &str, bound: &str, plain: &[u8], sealed: &str) {
    let (nonce, bound, expected) = (hex(nonce), hex(bound), hex(sealed));
    let cipher = Cipher::new(kind, hex(key).as_slice().try_into().unwrap());
    let mut bytes = vec![0; plain.len() + TAG];
    cipher.seal(&nonce, &bound, plain, &mut bytes).unwrap();
    assert_eq!(bytes, expected);

    let (sealed, tag) = bytes.split_at(plain.len());
    let open = |nonce: &[u8], bound: &[u8], tag: &[u8]| {
        let mut opened = vec![0; sealed.len()];
        cipher.open(nonce, bound, sealed, tag, &mut opened).map(|()| opened)
    };
    assert_eq!(open(&nonce, &bound, tag).as_deref(), Some(plain));
    let mut other = tag.to_vec();
    other[15] ^= 1;
    assert_eq!(open(&nonce, &bound, &other), None);
    assert_eq!(open(&nonce, &[&bound[..], &[0]].concat(), tag), None);
    assert_eq!(open(&nonce[1..], &bound, tag), None);
    assert_eq!(open(&nonce, &bound, &tag[1..]), None);
    for length in [plain.len(), plain.len() + TAG - 1, plain.len() + TAG + 1] {
        assert_eq!(cipher.seal(&nonce, &bound, plain, &mut vec![0; length]), None);
    }
}

/// "The Galois/Counter Mode of Operation", cases 13, 14 and 16; NIST's vectors have them, too.
#[test]
fn aes_256_gcm_gives_what_its_standard_says() {
    let (zeros, nonce) = ("00".repeat(32), "00".repeat(12));
    answers(Kind::Aes256Gcm, &zeros, &nonce, "", &[], "530f8afbc74536b9a963b4f1c4cb738b");
    let sealed = "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919";
    answers(Kind::Aes256Gcm, &zeros, &nonce, "", &[0; 16], sealed);
    answers(
        Kind::Aes256Gcm,
        "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
        "cafebabefacedbaddecaf888",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        &hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
              1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"),
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
         8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
         76fc6ece0f4e1768cddf8853bb2d551b",
    );
}

/// RFC 8452, C.2.
#[test]
fn aes_256_gcm_siv_gives_what_its_standard_says() {
    let (key, nonce) = (format!("01{}", "00".repeat(31)), format!("03{}", "00".repeat(11)));
    answers(Kind::Aes256GcmSiv, &key, &nonce, "", &[], "07f5f4169bbf55a8400cd47ea6fd400f");
    let sealed = "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28";
    answers(Kind::Aes256GcmSiv, &key, &nonce, "", &hex("0100000000000000"), sealed);
    let sealed = "1de22967237a813291213f267e3b452f02d01ae33e4ec854";
    answers(Kind::Aes256GcmSiv, &key, &nonce, "01", &hex("0200000000000000"), sealed);
}

/// draft-irtf-cfrg-xchacha-03, A.3.1.
#[test]
fn xchacha20_poly1305_gives_what_its_draft_says() {
    answers(
        Kind::XChaCha20Poly1305,
        "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
        "404142434445464748494a4b4c4d4e4f5051525354555657",
        "50515253c0c1c2c3c4c5c6c7",
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb\
         731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452\
         2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
         21f9664c97637da9768812f615c68b13b52e\
         c0875924c1c7987947deafd8780acf49",
    );
}
