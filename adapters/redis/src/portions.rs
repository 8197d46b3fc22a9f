//! Batches, cut into what one command may carry, lane by lane.

use std::collections::BTreeMap;

use larder_core::{Error, ErrorKind, Result};
use tokio::task::JoinSet;

/// How much one command may carry in keys and values, in bytes; a single larger one goes alone.
const BYTES: usize = 1 << 20;

/// The chunks of one lane, each item with its place in the batch.
type Chunks<T> = Vec<Vec<(usize, T)>>;

/// A batch, cut: the chunks of each lane.
pub(crate) type Portions<T> = BTreeMap<usize, Chunks<T>>;

/// Cuts a batch of items, each with its lane and its size, into chunks of at most `length` items.
pub(crate) fn portions<T>(items: impl Iterator<Item = (usize, usize, T)>, length: usize) -> Portions<T> {
    let mut lanes: BTreeMap<usize, (Chunks<T>, usize)> = BTreeMap::new();
    for (place, (lane, size, item)) in items.enumerate() {
        let (chunks, room) = lanes.entry(lane).or_default();
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < length && *room >= size => {
                chunk.push((place, item));
                *room -= size;
            }
            _ => {
                chunks.push(vec![(place, item)]);
                *room = BYTES.saturating_sub(size);
            }
        }
    }
    lanes.into_iter().map(|(lane, (chunks, _))| (lane, chunks)).collect()
}

/// Does `work` for each chunk: those of one lane in their order, the lanes side by side. What it gave for each item, in
/// the order of the batch.
pub(crate) async fn done<T, R, F>(
    portions: Portions<T>,
    work: impl Fn(usize, Vec<T>) -> F + Clone + Send + 'static,
) -> Result<Vec<R>>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Future<Output = Result<Vec<R>>> + Send + 'static,
{
    let mut lanes = portions.into_iter();
    let mut all = Vec::new();
    if lanes.len() <= 1 {
        if let Some((lane, chunks)) = lanes.next() {
            all = in_turn(lane, chunks, work).await?;
        }
    } else {
        let mut tasks: JoinSet<_> = lanes.map(|(lane, chunks)| in_turn(lane, chunks, work.clone())).collect();
        while let Some(joined) = tasks.join_next().await {
            let lost = |_| Error::new(ErrorKind::Cancelled, "sending a batch to Redis");
            all.extend(joined.map_err(lost)??);
        }
    }
    all.sort_unstable_by_key(|(place, _)| *place);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}

async fn in_turn<T, R, F>(
    lane: usize,
    chunks: Chunks<T>,
    work: impl Fn(usize, Vec<T>) -> F,
) -> Result<Vec<(usize, R)>>
where
    F: Future<Output = Result<Vec<R>>>,
{
    let mut all = Vec::new();
    for chunk in chunks {
        let (places, items): (Vec<_>, Vec<_>) = chunk.into_iter().unzip();
        all.extend(places.into_iter().zip(work(lane, items).await?));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_of_one_lane_and_within_both_bounds() {
        let sizes = [(0, 10), (1, 10), (0, 10), (0, 10), (0, BYTES), (0, 1), (0, BYTES * 2)];
        let cut = portions(sizes.iter().map(|(lane, size)| (*lane, *size, ())), 2);
        let places = |lane: usize| -> Vec<Vec<usize>> {
            cut[&lane].iter().map(|chunk| chunk.iter().map(|(place, ())| *place).collect()).collect()
        };
        assert_eq!(places(0), [vec![0, 2], vec![3], vec![4], vec![5], vec![6]]);
        assert_eq!(places(1), [vec![1]]);
    }
}
