//! Under which bytes a key is found: no two keys share them.

use sha2::{Digest, Sha256};

/// The longest key that is stored as it is. PostgreSQL's index takes rows of up to 2,700 bytes.
const PLAIN: usize = 1_024;

/// The bytes of `key` in the table: a 0 and the key, or for a long one a 1, its SHA-256 and its length.
pub(super) fn id(key: &[u8]) -> Vec<u8> {
    let mut id = Vec::with_capacity(1 + key.len().min(PLAIN));
    if key.len() <= PLAIN {
        id.push(0);
        id.extend(key);
    } else {
        id.push(1);
        id.extend(Sha256::digest(key));
        id.extend((key.len() as u64).to_be_bytes());
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_what_they_were_in_earlier_versions() {
        assert_eq!(id(b""), [0]);
        assert_eq!(id(b"\0a"), *b"\0\0a");
        assert_eq!(id(&[7; 1_024]).len(), 1_025);
        let long = id(&[7; 1_025]);
        let digest = [0xee, 0xc8, 0xfd, 0xe6];
        assert_eq!((long.len(), long[0], &long[33..]), (41, 1, &1_025_u64.to_be_bytes()[..]));
        assert_eq!(long[1..5], digest);
    }

    #[test]
    fn a_key_that_looks_like_a_long_ones_id_is_another() {
        let long = id(&[7; 2_000]);
        assert_ne!(id(&long), long);
        assert_ne!(id(&long[1..]), long);
        assert_ne!(id(&[7; 2_001]), long);
    }
}
