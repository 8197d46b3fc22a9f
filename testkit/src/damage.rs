//! What happens to bytes on their way: cut, flipped, overwritten, spliced; and bytes that never were anything.

use larder_core::Random;

/// Damaged forms of `whole`, each told to `see` with what was done. Of each kind at most about `rounds`.
pub(crate) fn damaged(whole: &[u8], rounds: usize, random: &Random, see: &mut dyn FnMut(Vec<u8>, &str)) {
    cut(whole, rounds, see);
    flip(whole, rounds, random, see);
    overwrite(whole, rounds, random, see);
    for _ in 0..rounds {
        see(noise(random), "random bytes");
    }
}

/// One of `inputs` after a few damages of any kind.
pub(crate) fn mutated(inputs: &[Vec<u8>], random: &Random) -> Vec<u8> {
    let pick = || inputs.get(below(random, inputs.len())).cloned().unwrap_or_default();
    let mut bytes = pick();
    for _ in 0..=below(random, 4) {
        let at = below(random, bytes.len() + 1);
        let end = (at + 1 + below(random, 8)).min(bytes.len());
        match below(random, 8) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.next() as u8),
            2 => bytes.extend(noise(random)),
            3 => drop(bytes.drain(at..end.max(at))),
            4 => bytes = [&bytes[..at], pick().as_slice()].concat(),
            5 => bytes.extend_from_within(at..),
            6 => bytes[at..end.max(at)].fill([0, 0x7f, 0x80, 0xff][below(random, 4)]),
            _ => bytes[at..].iter_mut().take(1).for_each(|byte| *byte ^= 1 << below(random, 8)),
        }
    }
    bytes
}

/// A number below `bound`; 0 if that is 0.
fn below(random: &Random, bound: usize) -> usize {
    (random.next() % bound.max(1) as u64) as usize
}

/// The bytes cut off after each byte, and with bytes after their end.
fn cut(whole: &[u8], rounds: usize, see: &mut dyn FnMut(Vec<u8>, &str)) {
    let step = whole.len() / rounds.max(1) + 1;
    for end in (0..whole.len()).step_by(step) {
        see(whole[..end].to_vec(), "a cut");
        see(whole[end + 1..].to_vec(), "a cut at the front");
    }
    see([whole, &[0]].concat(), "a byte more");
    see([whole, whole].concat(), "a repetition");
}

/// Each bit flipped, or as many at random as there may be rounds.
fn flip(whole: &[u8], rounds: usize, random: &Random, see: &mut dyn FnMut(Vec<u8>, &str)) {
    let bits = whole.len() * 8;
    for round in 0..bits.min(rounds) {
        let bit = if bits <= rounds { round } else { below(random, bits) };
        let mut damaged = whole.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        see(damaged, "a flipped bit");
    }
}

/// A stretch overwritten with extreme bytes: what lengths and counts are read from.
fn overwrite(whole: &[u8], rounds: usize, random: &Random, see: &mut dyn FnMut(Vec<u8>, &str)) {
    for _ in 0..rounds.min(8 * whole.len()) {
        let mut damaged = whole.to_vec();
        let start = below(random, whole.len());
        let end = (start + 1 + below(random, 8)).min(whole.len());
        damaged[start..end].fill([0, 0x7f, 0x80, 0xff][below(random, 4)]);
        if damaged != whole {
            see(damaged, "an overwritten stretch");
        }
    }
}

/// Random bytes, short ones more often.
fn noise(random: &Random) -> Vec<u8> {
    let length = below(random, 1 << below(random, 10));
    (0..length).map(|_| random.next() as u8).collect()
}
