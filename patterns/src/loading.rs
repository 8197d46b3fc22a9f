//! What a load gives: an answer for each key that was asked, in the life that the store gave it.

use larder_core::{Entry, Error, ErrorKind, Filled, Key, Loader, Result, Value};

/// Loads all of `keys` in one call. An error unless there is one answer for each.
pub(crate) async fn exactly<K: Key, V: Value>(
    loader: &impl Loader<K, V>,
    keys: &[K],
) -> Result<Vec<Option<Entry<V>>>> {
    let loaded = loader.load_many(keys).await?;
    if loaded.len() == keys.len() {
        return Ok(loaded);
    }
    let doing = format!("loading {} keys, for which there are {} answers", keys.len(), loaded.len());
    Err(Error::new(ErrorKind::Load, doing))
}

/// What was loaded, with the life that the store gave it if it took it.
pub(crate) fn as_kept<V>(entry: Entry<V>, filled: Filled) -> Entry<V> {
    match filled {
        Filled::Stored(life) => Entry::with_life(entry.into_value(), life),
        Filled::Void => entry,
    }
}
