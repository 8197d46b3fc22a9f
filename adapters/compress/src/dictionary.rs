//! What many small values have in common, told once: `Dictionary`.

use std::fmt;
use std::sync::Arc;

use larder_core::{Error, ErrorKind, Result};
use zstd::zstd_safe::{self, DDict};

/// A Zstandard dictionary. Cloned cheaply.
///
/// Whoever reads must have the dictionary that wrote: keep its [`bytes`](Self::bytes) beside the program, or in it. Its
/// number is in every frame; no frame is read with another.
#[derive(Clone)]
pub struct Dictionary(Arc<Inner>);

struct Inner {
    bytes: Vec<u8>,
    id: u32,
    expander: DDict<'static>,
}

/// No dictionary is larger, whatever is asked for.
const LARGEST: usize = 64 << 20;

impl Dictionary {
    /// Learns at most `size` bytes (100 KiB is usual) from `samples`: some hundred values as they are stored, a hundred
    /// times `size` together if they can be had.
    ///
    /// An error of the kind [`Invalid`](ErrorKind::Invalid) says that there are too few to learn from.
    ///
    /// ```
    /// use larder_compress::Dictionary;
    ///
    /// let users = (0..1_000).map(|id| format!("{{\"id\":{id},\"name\":\"user {id}\",\"role\":\"reader\"}}"));
    /// let dictionary = Dictionary::train(users, 4 << 10)?;
    /// assert_eq!(Dictionary::of(dictionary.bytes().to_vec())?.id(), dictionary.id());
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn train(samples: impl IntoIterator<Item = impl AsRef<[u8]>>, size: usize) -> Result<Self> {
        let (mut all, mut sizes) = (Vec::new(), Vec::new());
        for sample in samples {
            all.extend_from_slice(sample.as_ref());
            sizes.push(sample.as_ref().len());
        }
        let mut bytes = Vec::with_capacity(size.min(LARGEST));
        match zstd_safe::train_from_buffer(&mut bytes, &all, &sizes) {
            Ok(_) => Self::of(bytes),
            Err(code) => Err(invalid(zstd_safe::get_error_name(code))),
        }
    }

    /// The dictionary that these bytes are: as [`train`](Self::train) or `zstd --train` made them.
    pub fn of(bytes: Vec<u8>) -> Result<Self> {
        let id = zstd_safe::get_dict_id_from_dict(&bytes).ok_or_else(|| invalid("it has no number"))?;
        let expander = DDict::try_create(&bytes).ok_or_else(|| invalid("it is damaged"))?;
        Ok(Self(Arc::new(Inner { bytes, id: id.get(), expander })))
    }

    /// The dictionary itself.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// Its number, made of what it learned.
    pub fn id(&self) -> u32 {
        self.0.id
    }

    pub(crate) fn expander(&self) -> &DDict<'static> {
        &self.0.expander
    }
}

fn invalid(why: &'static str) -> Error {
    Error::new(ErrorKind::Invalid, "making a dictionary").because(why)
}

impl fmt::Debug for Dictionary {
    /// Shows the number and the length only: it is made of values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dictionary").field("id", &self.0.id).field("bytes", &self.0.bytes.len()).finish()
    }
}
