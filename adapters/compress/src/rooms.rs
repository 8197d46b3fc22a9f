//! How much room bytes get that say how long they become: `rooms`.

/// So much room is given at once to bytes that claim to need it.
const FREE: usize = 64 << 10;

/// And so much for each byte that is there.
const PER_BYTE: usize = 32;

/// The capacities to try in turn for `packed` bytes that say they become `claimed`: each is in proportion to what is there,
/// or to what has filled the one before.
pub(crate) fn rooms(packed: usize, claimed: usize) -> impl Iterator<Item = usize> {
    let first = claimed.min(FREE.max(packed.saturating_mul(PER_BYTE)));
    let next = move |last: &usize| (*last < claimed).then(|| last.saturating_mul(8).min(claimed));
    std::iter::successors(Some(first), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_for_what_is_there_and_grows_up_to_the_claim() {
        assert!(rooms(10, 500).eq([500]));
        assert!(rooms(10, 1_000_000).eq([FREE, 8 * FREE, 1_000_000]));
        assert!(rooms(100_000, 3_000_000).eq([3_000_000]));
        assert_eq!(rooms(0, usize::MAX).last(), Some(usize::MAX));
        assert!(rooms(usize::MAX, 0).eq([0]));
    }
}
