//! Numbered things in chunks that double, so that none ever moves.

/// Things in the first chunk.
const FIRST: usize = 16;

/// Enough chunks for all numbers of 32 bits.
pub(super) const CHUNKS: usize = 29;

/// The chunk of `number`, and where in it.
#[inline]
pub(super) const fn chunk_of(number: u32) -> (usize, usize) {
    let shifted = number as usize + FIRST;
    let chunk = (shifted.ilog2() - FIRST.ilog2()) as usize;
    (chunk, shifted - (FIRST << chunk))
}

/// How many things a chunk has room for.
pub(super) const fn size_of_chunk(chunk: usize) -> usize {
    FIRST << chunk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_place_of_its_own_in_order() {
        let mut next = 0_u32;
        for chunk in 0..12 {
            for place in 0..size_of_chunk(chunk) {
                assert_eq!(chunk_of(next), (chunk, place));
                next += 1;
            }
        }
        assert!(chunk_of(u32::MAX).0 < CHUNKS);
    }
}
