//! Batches, cut into what one statement may carry.

use std::collections::HashSet;

use crate::backend::CHUNK;

/// How much one statement carries in keys and values, in bytes; a single larger one goes alone.
const BYTES: usize = 4 << 20;

/// A thing for the row with this id, which has so many bytes besides.
pub(super) struct Item<T> {
    pub(super) id: Vec<u8>,
    pub(super) size: usize,
    pub(super) what: T,
}

/// A part of a batch: items in the order of their ids, so that no two statements wait for each other's rows in a circle;
/// each with its place in the batch.
pub(super) type Portion<T> = Vec<(usize, Item<T>)>;

/// Cuts a batch into portions, no row twice in one of them: what comes later in the batch comes in a later portion.
pub(super) fn portions<T>(batch: Vec<Item<T>>) -> Vec<Portion<T>> {
    let mut all = Vec::new();
    let mut portion: Portion<T> = Vec::new();
    let mut ids = HashSet::new();
    let mut room = BYTES;
    for (place, item) in batch.into_iter().enumerate() {
        let size = item.id.len() + item.size;
        if !portion.is_empty() && (portion.len() == CHUNK || room < size || ids.contains(&item.id)) {
            all.push(std::mem::take(&mut portion));
            ids.clear();
            room = BYTES;
        }
        ids.insert(item.id.clone());
        room = room.saturating_sub(size);
        portion.push((place, item));
    }
    if !portion.is_empty() {
        all.push(portion);
    }
    for portion in &mut all {
        portion.sort_unstable_by(|(_, one), (_, other)| one.id.cmp(&other.id));
    }
    all
}

/// Of several items for one row only the last.
pub(super) fn last_of_each<T>(mut batch: Vec<Item<T>>) -> Vec<Item<T>> {
    if batch.len() > 1 {
        let mut ids = HashSet::new();
        batch.reverse();
        batch.retain(|item| ids.insert(item.id.clone()));
        batch.reverse();
    }
    batch
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: u8, size: usize) -> Item<()> {
        Item { id: vec![id], size, what: () }
    }

    fn cut(batch: Vec<Item<()>>) -> Vec<Vec<(usize, u8)>> {
        let places = |portion: Portion<()>| portion.into_iter().map(|(place, item)| (place, item.id[0]));
        portions(batch).into_iter().map(|portion| places(portion).collect()).collect()
    }

    #[test]
    fn a_portion_is_in_order_and_has_no_row_twice() {
        let batch = vec![item(3, 0), item(1, 0), item(3, 0), item(2, 0), item(3, 0)];
        assert_eq!(cut(batch), [vec![(1, 1), (0, 3)], vec![(3, 2), (2, 3)], vec![(4, 3)]]);
        assert!(cut(Vec::new()).is_empty());
    }

    #[test]
    fn a_portion_is_within_both_bounds() {
        let large = cut(vec![item(1, BYTES / 2), item(2, BYTES / 2), item(3, BYTES * 2), item(4, 0)]);
        assert_eq!(large, [vec![(0, 1)], vec![(1, 2)], vec![(2, 3)], vec![(3, 4)]]);
        let many = (0..=CHUNK).map(|n| Item { id: n.to_be_bytes().to_vec(), size: 0, what: () }).collect();
        assert_eq!(portions(many).iter().map(Vec::len).collect::<Vec<_>>(), [CHUNK, 1]);
    }

    #[test]
    fn the_last_of_several_for_one_row_stays() {
        let numbered = [(1, 'a'), (2, 'b'), (1, 'c')].map(|(id, what)| Item { id: vec![id], size: 0, what });
        let left: Vec<_> = last_of_each(numbered.into()).into_iter().map(|item| item.what).collect();
        assert_eq!(left, ['b', 'c']);
    }
}
