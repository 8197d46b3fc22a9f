//! Values that the tests have in common.

use std::sync::LazyLock;

use larder_compress::Dictionary;
use larder_core::{Context, Life, Random};

pub(crate) const CONTEXT: Context<'static> = Context { key: b"key", life: Life::DEFAULT };

/// So many bytes of words, the same each time.
pub(crate) fn text(length: usize) -> Vec<u8> {
    const WORDS: [&str; 8] = ["cache ", "store ", "lease ", "miss ", "hit ", "fill ", "entry ", "deadline "];
    let random = Random::seeded(1);
    let mut text: Vec<u8> =
        (0..length).flat_map(|_| WORDS[random.next() as usize % 8].bytes()).take(length).collect();
    text.truncate(length);
    text
}

/// A record as services keep them.
pub(crate) fn records(id: usize) -> Vec<u8> {
    let record = format!(
        "{{\"id\":{id},\"name\":\"user {id}\",\"mail\":\"user{id}@example.org\",\"roles\":[\"reader\",\"writer\"],\"visits\":{}}}",
        id * 7 % 1_000
    );
    record.into_bytes()
}

/// Trained from records.
pub(crate) fn dictionary() -> Dictionary {
    static TRAINED: LazyLock<Dictionary> = LazyLock::new(|| {
        Dictionary::train((0..2_000).map(records), 2 << 10).expect("two thousand are enough")
    });
    TRAINED.clone()
}
