//! Sums that tell damaged bytes from whole ones. They keep out accidents, not forgers.

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// A step that has an inverse: another word always gives another sum, and so does another sum before it.
const fn step(sum: u64, word: u64) -> u64 {
    (sum ^ word).wrapping_mul(MULTIPLIER).rotate_left(29)
}

/// The sum of `bytes`, in four lanes that don't wait for each other.
///
/// Each word of eight bytes goes through one lane, and each lane through the sum, by steps that have inverses: damage
/// within one word always changes the sum; other damage does but for one chance in 2⁶⁴.
pub(super) fn checksum(seed: u64, bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<32>();
    let mut lanes = [seed; 4];
    for block in blocks {
        for (lane, word) in lanes.iter_mut().zip(block.as_chunks::<8>().0) {
            *lane = step(*lane, u64::from_le_bytes(*word));
        }
    }
    step(serial(lanes.into_iter().fold(seed, step), rest), bytes.len() as u64)
}

/// The sum of `bytes`, word after word: of the first version of an envelope, which is only read.
pub(super) fn serial(seed: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let last = rest.iter().rev().fold(0, |last, byte| last << 8 | u64::from(*byte));
    let sum = words.iter().fold(seed, |sum, word| step(sum, u64::from_le_bytes(*word)));
    step(step(sum, last), bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMS: [fn(u64, &[u8]) -> u64; 2] = [checksum, serial];

    #[test]
    fn every_flipped_byte_and_every_lost_one_changes_a_sum() {
        let bytes: Vec<u8> = (0..150).collect();
        for sum in SUMS {
            let whole = sum(1, &bytes);
            for at in 0..bytes.len() {
                assert_ne!(sum(1, &bytes[..at]), whole);
                for flip in 1..=u8::MAX {
                    let mut damaged = bytes.clone();
                    damaged[at] ^= flip;
                    assert_ne!(sum(1, &damaged), whole);
                }
            }
        }
    }

    #[test]
    fn words_that_change_places_change_a_sum() {
        let bytes: Vec<u8> = (0..150).collect();
        for sum in SUMS {
            for (one, other) in [(0, 8), (0, 32), (8, 48), (64, 128)] {
                let mut moved = bytes.clone();
                moved[one..one + 8].copy_from_slice(&bytes[other..other + 8]);
                moved[other..other + 8].copy_from_slice(&bytes[one..one + 8]);
                assert_ne!(sum(1, &moved), sum(1, &bytes), "{one} and {other}");
            }
        }
    }

    #[test]
    fn zeros_at_the_end_count() {
        for sum in SUMS {
            for length in [3, 8, 31, 32, 64] {
                assert_ne!(sum(0, &vec![0; length]), sum(0, &vec![0; length + 1]));
                assert_ne!(sum(0, &vec![0; length]), sum(0, &vec![0; length + 32]));
            }
        }
    }
}
