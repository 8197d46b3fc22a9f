//! Values that change their shape on the way into a store and back: `Codec`, and the store `Encoded`.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Entry, Filled, Lease, Life, Lookup, Result, Store, Value};

/// What a codec sees beside the value: where it is kept, and for how long.
///
/// A sealing codec binds both, so that a value can't be moved to another key or given another life.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The key as the store keeps it.
    pub key: &'a [u8],
    /// The life of the entry: as the application said it when encoding, as the store resolved it when decoding.
    pub life: Life,
}

impl std::fmt::Debug for Context<'_> {
    /// Shows the life only: keys don't belong in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("life", &self.life).finish_non_exhaustive()
    }
}

/// Turns values into another form and back: serialization, compression, encryption.
///
/// For every value and context, `decode(encode(value))` is the value. The suite `codec` in `larder-testkit` checks it.
pub trait Codec: Send + Sync + 'static {
    /// The form the application has.
    type Plain: Value;
    /// The form the store keeps.
    type Encoded: Value;

    /// The form to keep.
    fn encode(&self, plain: &Self::Plain, context: &Context<'_>) -> Result<Self::Encoded>;

    /// The value again. An error is read as a miss and counted: it is what a value of another version, a flipped
    /// bit or a forgery gives. Never panics, whatever it is given.
    fn decode(&self, encoded: &Self::Encoded, context: &Context<'_>) -> Result<Self::Plain>;

    /// This codec, and then `next` over what it gives: one codec of both.
    fn then<C: Codec<Plain = Self::Encoded>>(self, next: C) -> Then<Self, C>
    where
        Self: Sized,
    {
        Then { first: self, next }
    }
}

/// One codec after another. Made by [`Codec::then`].
///
/// # When something fails
///
/// The error of either is the error of both.
#[derive(Clone, Copy, Debug, Default)]
pub struct Then<A, B> {
    first: A,
    next: B,
}

impl<A: Codec, B: Codec<Plain = A::Encoded>> Codec for Then<A, B> {
    type Plain = A::Plain;
    type Encoded = B::Encoded;

    fn encode(&self, plain: &A::Plain, context: &Context<'_>) -> Result<B::Encoded> {
        self.next.encode(&self.first.encode(plain, context)?, context)
    }

    fn decode(&self, encoded: &B::Encoded, context: &Context<'_>) -> Result<A::Plain> {
        self.first.decode(&self.next.decode(encoded, context)?, context)
    }
}

/// A store whose values are kept in another form. Made by [`StoreExt::encode`](crate::StoreExt::encode).
///
/// The wrapped store's keys must be bytes ([`AsRef<[u8]>`](AsRef)), because the codec sees them;
/// [`StoreExt::keyed`](crate::StoreExt::keyed) makes them so.
///
/// # When something fails
///
/// - A value that can't be decoded is a miss, with a lease to replace it, and counted in
///   [`decode_failures`](Self::decode_failures).
/// - A value that can't be encoded is the error of that insert or fill, and nothing is changed.
/// - Errors of the wrapped store are passed on.
#[derive(Debug)]
pub struct Encoded<S, C> {
    inner: S,
    codec: C,
    decode_failures: AtomicU64,
}

impl<S, C> Encoded<S, C>
where
    S: Store<Key: AsRef<[u8]>, Value = C::Encoded>,
    C: Codec,
{
    /// `inner`, seen through `codec`.
    pub const fn new(inner: S, codec: C) -> Self {
        Self { inner, codec, decode_failures: AtomicU64::new(0) }
    }

    /// The wrapped store.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// How many stored values could not be decoded, and were read as misses.
    pub fn decode_failures(&self) -> u64 {
        self.decode_failures.load(Ordering::Relaxed)
    }

    fn encode(&self, key: &S::Key, entry: &Entry<C::Plain>) -> Result<Entry<C::Encoded>> {
        let context = Context { key: key.as_ref(), life: entry.life() };
        let encoded = self.codec.encode(entry.value(), &context)?;
        Ok(Entry::with_life(encoded, entry.life()))
    }

    fn decode(&self, key: &S::Key, entry: &Entry<C::Encoded>) -> Option<Entry<C::Plain>> {
        let context = Context { key: key.as_ref(), life: entry.life() };
        match self.codec.decode(entry.value(), &context) {
            Ok(plain) => Some(Entry::with_life(plain, entry.life())),
            Err(error) => {
                self.decode_failures.fetch_add(1, Ordering::Relaxed);
                crate::report::undecodable(&error);
                None
            }
        }
    }

    /// What the application gets; `None` if it must have a lease instead.
    fn decoded(&self, key: &S::Key, found: Lookup<C::Encoded>) -> Option<Lookup<C::Plain>> {
        match found {
            Lookup::Miss(lease) => Some(Lookup::Miss(lease)),
            Lookup::Hit(entry) => self.decode(key, &entry).map(Lookup::Hit),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S, C> Store for Encoded<S, C>
where
    S: Store<Key: AsRef<[u8]>, Value = C::Encoded>,
    C: Codec,
{
    type Key = S::Key;
    type Value = C::Plain;

    async fn get(&self, key: &S::Key) -> Result<Lookup<C::Plain>> {
        match self.decoded(key, self.inner.get(key).await?) {
            Some(found) => Ok(found),
            None => self.inner.lease(key).await.map(Lookup::Miss),
        }
    }

    /// Answers misses only: decoding allocates.
    fn get_now(&self, key: &S::Key) -> Option<Lookup<C::Plain>> {
        match self.inner.get_now(key)? {
            Lookup::Miss(lease) => Some(Lookup::Miss(lease)),
            Lookup::Hit(_) => None,
        }
    }

    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        self.inner.lease(key).await
    }

    async fn fill(&self, key: S::Key, entry: Entry<C::Plain>, lease: Lease) -> Result<Filled> {
        let encoded = self.encode(&key, &entry)?;
        self.inner.fill(key, encoded, lease).await
    }

    async fn insert(&self, key: S::Key, entry: Entry<C::Plain>) -> Result<()> {
        let encoded = self.encode(&key, &entry)?;
        self.inner.insert(key, encoded).await
    }

    async fn remove(&self, key: &S::Key) -> Result<bool> {
        self.inner.remove(key).await
    }

    async fn clear(&self) -> Result<()> {
        self.inner.clear().await
    }

    async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Lookup<C::Plain>>> {
        let found = self.inner.get_many(keys).await?;
        let mut plain = Vec::with_capacity(found.len());
        for (key, found) in keys.iter().zip(found) {
            plain.push(match self.decoded(key, found) {
                Some(found) => found,
                None => Lookup::Miss(self.inner.lease(key).await?),
            });
        }
        Ok(plain)
    }

    async fn fill_many(&self, entries: Vec<(S::Key, Entry<C::Plain>, Lease)>) -> Result<Vec<Filled>> {
        let encoded: Result<Vec<_>> = entries
            .into_iter()
            .map(|(key, entry, lease)| Ok((self.encode(&key, &entry)?, key, lease)))
            .map(|encoded: Result<_>| encoded.map(|(entry, key, lease)| (key, entry, lease)))
            .collect();
        self.inner.fill_many(encoded?).await
    }

    async fn insert_many(&self, entries: Vec<(S::Key, Entry<C::Plain>)>) -> Result<()> {
        let encode = |(key, entry): (S::Key, Entry<C::Plain>)| {
            let encoded = self.encode(&key, &entry)?;
            Ok((key, encoded))
        };
        let encoded: Result<Vec<_>> = entries.into_iter().map(encode).collect();
        self.inner.insert_many(encoded?).await
    }

    async fn remove_many(&self, keys: &[S::Key]) -> Result<usize> {
        self.inner.remove_many(keys).await
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}
