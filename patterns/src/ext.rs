//! Every pattern as a method on every store.

use std::time::Duration;

use larder_core::{Clock, Env, Error, Loader, Result, Store, Value, Writer};

use crate::{
    Answer, Batch, Breaker, Bulkhead, Circuit, FaultyCall, Fresh, Freshness, Guarded, Hedge, Hedged,
    Namespace, Namespaced, Optional, ReadThrough, Retried, Retry, SharedKey, Stamped, Tag, Tagged, Tags,
    Tiered, TimeLimit, TokioEnv, WriteAround, WriteBehind, WriteThrough,
};

/// Puts the patterns on every store: each method wraps the store that it is called on.
///
/// ```
/// use larder_core::{Lookup, Memory, Store};
/// use larder_patterns::PatternExt;
/// use larder_policies::Lru;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let squares = Memory::new(100, Lru::new).read_through(|n: u64| async move { Ok(Some(n * n)) });
/// assert_eq!(squares.get(&12).await?.value(), Some(144));
/// # Ok::<(), larder_core::Error>(())
/// # }).unwrap();
/// ```
pub trait PatternExt: Store + Sized {
    /// Loads what is missing, once for all who wait, in tasks on [`Env::tokio`](TokioEnv::tokio).
    fn read_through<L>(self, loader: L) -> ReadThrough<Self, L>
    where
        L: Loader<Self::Key, Self::Value>,
    {
        self.read_through_in(loader, &Env::tokio())
    }

    /// The same with the tasks in `env`.
    fn read_through_in<L>(self, loader: L, env: &Env) -> ReadThrough<Self, L>
    where
        L: Loader<Self::Key, Self::Value>,
    {
        ReadThrough::new(self, loader, env)
    }

    /// Answers a read after `part` of an entry's life at once, and reloads the entry behind, in a task of `env`: above 0, up
    /// to 1; 0.8 means in the last fifth. Loads what is missing, too, once for all who wait.
    ///
    /// ```
    /// # use larder_core::{Env, ErrorKind, MemoryOptions, Store};
    /// # use larder_patterns::PatternExt;
    /// # use larder_policies::Lru;
    /// # use std::time::Duration;
    /// # let (env, manual) = Env::manual();
    /// # manual.block_on(async {
    /// # let memory = || MemoryOptions::new(100).ttl(Duration::from_secs(60)).env(&env).build(Lru::new);
    /// let origin = |n: u64| async move { Ok(Some(n * n)) };
    /// let squares = memory().refresh_ahead(origin, 0.8, &env)?;
    /// assert_eq!(squares.get(&12).await?.value(), Some(144));
    /// assert_eq!(memory().refresh_ahead(origin, 8.0, &env).unwrap_err().kind(), ErrorKind::Invalid);
    /// # Ok::<(), larder_core::Error>(())
    /// # }).unwrap();
    /// ```
    fn refresh_ahead<L>(self, origin: L, part: f64, env: &Env) -> Result<Fresh<Self, L>>
    where
        L: Loader<Self::Key, Self::Value>,
    {
        self.keep_fresh(origin, Freshness::new().refresh_ahead(part), env)
    }

    /// Loads what is missing and reloads what is no longer fresh, as `freshness` says.
    fn keep_fresh<L>(self, origin: L, freshness: Freshness, env: &Env) -> Result<Fresh<Self, L>>
    where
        L: Loader<Self::Key, Self::Value>,
    {
        Fresh::new(self, origin, freshness, env)
    }

    /// Puts a smaller, faster store before this one: a near copy of what is used most.
    fn fronted_by<N>(self, near: N) -> Tiered<N, Self>
    where
        N: Store<Key = Self::Key, Value = Self::Value>,
    {
        Tiered::new(near, self)
    }

    /// The usable entry of `key` with its source: which level had it, how old it is, whether it is fresh; by `clock`, the one
    /// that the stores go by. It asks as [`get`](Store::get) does, through any tower, erased or not, and asks no more. Who
    /// calls `get` pays nothing for it on a hit in the nearest level, and one look at a thread's own memory otherwise.
    ///
    /// ```
    /// # use larder_core::{Env, MemoryOptions, Store, StoreExt};
    /// # use larder_patterns::{PatternExt, Source};
    /// # use larder_policies::Lru;
    /// # use std::time::Duration;
    /// # let (env, manual) = Env::manual();
    /// # manual.block_on(async {
    /// # let memory = |capacity| MemoryOptions::<u64, u64>::new(capacity).ttl(Duration::from_secs(60)).env(&env).build(Lru::new);
    /// # let (disk, redis, near) = (memory(100), memory(100), memory(100));
    /// let squares = disk.fronted_by(redis).fronted_by(near).read_through_in(|n: u64| async move { Ok(Some(n * n)) }, &env);
    /// let loaded = squares.get_with_source(&7, env.clock()).await?.unwrap();
    /// assert_eq!((*loaded.value(), loaded.source()), (49, Source::Origin));
    ///
    /// squares.inner().near().clear(); // the process restarts: Redis still has it
    /// # manual.advance(Duration::from_secs(20));
    /// let again = squares.get_with_source(&7, env.clock()).await?.unwrap();
    /// assert_eq!((again.source(), again.age(), again.is_fresh()), (Source::Level(1), Duration::from_secs(20), true));
    /// # Ok::<(), larder_core::Error>(())
    /// # }).unwrap();
    /// ```
    fn get_with_source<'a>(
        &'a self,
        key: &'a Self::Key,
        clock: &'a Clock,
    ) -> impl Future<Output = Result<Option<Answer<Self::Value>>>> + Send + 'a {
        Answer::of(self, key, clock)
    }

    /// Lets entries carry the tags that `name` gives them, so that one step drops all that carry a tag.
    ///
    /// ```
    /// # use larder_core::{Memory, Store, StoreExt};
    /// # use larder_patterns::PatternExt;
    /// # use larder_policies::Lru;
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let members = Memory::new(100, Lru::new)
    ///     .tagged(|id: &u64, team: &String| [format!("user:{id}"), format!("team:{team}")]);
    /// members.put(1, "red".to_owned()).await?;
    /// members.put(2, "blue".to_owned()).await?;
    /// members.invalidate_tag("team:red");
    /// assert_eq!(members.value(&1).await?, None);
    /// assert_eq!(members.value(&2).await?, Some("blue".to_owned()));
    /// # Ok::<(), larder_core::Error>(())
    /// # }).unwrap();
    /// ```
    fn tagged<V, F, I>(self, name: F) -> Tagged<Self, F>
    where
        Self: Store<Value = Stamped<V>>,
        V: Value,
        F: Fn(&Self::Key, &V) -> I + Send + Sync + 'static,
        I: IntoIterator<Item: Into<Tag>>,
    {
        Tagged::new(self, Tags::new(), name)
    }

    /// The same with tags that are kept elsewhere, too, or shared by several stores.
    fn tagged_in<V, F, I>(self, tags: &Tags, name: F) -> Tagged<Self, F>
    where
        Self: Store<Value = Stamped<V>>,
        V: Value,
        F: Fn(&Self::Key, &V) -> I + Send + Sync + 'static,
        I: IntoIterator<Item: Into<Tag>>,
    {
        Tagged::new(self, tags.clone(), name)
    }

    /// Sees the part of this store that belongs to `namespace`, and clears it in one step.
    ///
    /// ```
    /// # use larder_core::{Memory, Store, StoreExt};
    /// # use larder_patterns::{InNamespace, Namespace, PatternExt};
    /// # use larder_policies::Lru;
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let shared = Memory::<InNamespace<u64>, &str, _>::new(100, Lru::new).shared();
    /// let users = shared.clone().in_namespace(&Namespace::new("users", 3));
    /// let teams = shared.clone().in_namespace(&Namespace::new("teams", 1));
    /// users.put(7, "Ada").await?;
    /// teams.put(7, "red").await?;
    /// users.clear().await?;
    /// assert_eq!((users.value(&7).await?, teams.value(&7).await?), (None, Some("red")));
    /// # Ok::<(), larder_core::Error>(())
    /// # }).unwrap();
    /// ```
    fn in_namespace(self, namespace: &Namespace) -> Namespaced<Self>
    where
        Self: Store<Key: SharedKey>,
    {
        Namespaced::new(self, namespace.clone())
    }

    /// Lets writes reach the origin first, then this store.
    fn write_through<W>(self, writer: W) -> WriteThrough<Self, W>
    where
        W: Writer<Self::Key, Self::Value>,
    {
        WriteThrough::new(self, writer)
    }

    /// Lets writes reach the origin, and only invalidate this store.
    fn write_around<W>(self, writer: W) -> WriteAround<Self, W>
    where
        W: Writer<Self::Key, Self::Value>,
    {
        WriteAround::new(self, writer)
    }

    /// Acknowledges writes once they are queued; they reach the origin in batches, in a task of `env`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use larder_core::{Change, Env, Memory, Store, StoreExt};
    /// # use larder_patterns::{Batch, PatternExt};
    /// # use larder_policies::Lru;
    /// # let (env, manual) = Env::manual();
    /// # manual.block_on(async {
    /// let origin = |change: Change<u64, String>| async move { Ok(println!("{change:?}")) };
    /// let batch = Batch::of(256).every(Duration::from_secs(1));
    /// let users = Memory::new(100, Lru::new).write_behind(origin, batch, &env);
    /// users.put(1, "Ada".to_owned()).await?;
    /// users.flush().await?; // now the origin has it
    /// # Ok::<(), larder_core::Error>(())
    /// # }).unwrap();
    /// ```
    fn write_behind<W>(
        self,
        writer: W,
        batch: Batch<Self::Key, Self::Value>,
        env: &Env,
    ) -> WriteBehind<Self, W>
    where
        W: Writer<Self::Key, Self::Value>,
    {
        WriteBehind::new(self, writer, batch, env)
    }

    /// Lets each call take only so long; what takes longer is dropped, and is a [`Timeout`](larder_core::ErrorKind::Timeout).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use larder_core::{Env, ErrorKind, Store};
    /// # use larder_patterns::PatternExt;
    /// # use larder_testkit::{Faulty, MapStore, Op, Task};
    /// # let (env, manual) = Env::manual();
    /// let slow = Faulty::new(MapStore::<u64, u64>::new(&env), &env);
    /// slow.on(Op::Get).hang();
    /// let store = slow.within(Duration::from_millis(50), &env);
    /// let read = Task::start(&env, async move { store.get(&1).await.map(|found| found.is_hit()) });
    /// manual.run();
    /// manual.advance(Duration::from_millis(50));
    /// manual.run();
    /// assert_eq!(read.answer().unwrap().unwrap_err().kind(), ErrorKind::Timeout);
    /// ```
    fn within(self, limit: Duration, env: &Env) -> Guarded<Self, TimeLimit> {
        Guarded::new(self, TimeLimit::new(limit, env))
    }

    /// Makes calls that failed again, as `retry` says: those that can be made twice without harm.
    fn retried(self, retry: Retry, env: &Env) -> Result<Retried<Self>> {
        Retried::new(self, retry, env)
    }

    /// Stops asking this store when too many calls fail, and tries again later, as `breaker` says.
    fn circuit_broken(self, breaker: Breaker, env: &Env) -> Result<Guarded<Self, Circuit>> {
        Ok(Guarded::new(self, Circuit::new(breaker, env)?))
    }

    /// Makes at most `limit` calls at once; of those that come meanwhile, `queue` wait, and the rest are
    /// [`Overloaded`](larder_core::ErrorKind::Overloaded). A limit of zero is [`Invalid`](larder_core::ErrorKind::Invalid).
    ///
    /// ```
    /// # use larder_core::{Memory, Store, StoreExt};
    /// # use larder_patterns::PatternExt;
    /// # use larder_policies::Lru;
    /// # let (_, manual) = larder_core::Env::manual();
    /// let store = Memory::<u64, u64, _>::new(100, Lru::new).bulkheaded(64, 128)?;
    /// assert_eq!(manual.block_on(store.value(&1))?, None);
    /// assert_eq!(store.guard().stats().running, 0);
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    fn bulkheaded(self, limit: usize, queue: usize) -> Result<Guarded<Self, Bulkhead>> {
        Ok(Guarded::new(self, Bulkhead::new(limit, queue)?))
    }

    /// Sends a slow look-up a second time, as `hedge` says, and takes the answer that comes first.
    fn hedged(self, hedge: Hedge, env: &Env) -> Result<Hedged<Self>> {
        Hedged::new(self, hedge, env)
    }

    /// Lets this store fail without failing anyone: its faults are misses, and are told to `report`.
    ///
    /// ```
    /// # use larder_core::{Env, Store, StoreExt};
    /// # use larder_patterns::PatternExt;
    /// # use larder_testkit::{Faulty, MapStore};
    /// # let (env, manual) = Env::manual();
    /// let far = Faulty::new(MapStore::<u64, u64>::new(&env), &env);
    /// far.faults().on_any().fail(); // the far tier is down
    /// let store = far.optional(|call, error| eprintln!("the far tier: {call:?}: {error}"), &env);
    /// assert_eq!(manual.block_on(store.value(&1))?, None);
    /// assert_eq!(store.stats().failed_reads, 1);
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    fn optional<R>(self, report: R, env: &Env) -> Optional<Self>
    where
        R: Fn(FaultyCall, &Error) + Send + Sync + 'static,
    {
        Optional::new(self, report, env)
    }
}

impl<S: Store> PatternExt for S {}
