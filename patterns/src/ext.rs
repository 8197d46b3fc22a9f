//! Every pattern as a method on every store.

use larder_core::{Env, Loader, Result, Store, Value, Writer};

use crate::{
    Batch, Fresh, Freshness, Namespace, Namespaced, ReadThrough, SharedKey, Stamped, Tag, Tagged, Tags,
    Tiered, TokioEnv, WriteAround, WriteBehind, WriteThrough,
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
}

impl<S: Store> PatternExt for S {}
