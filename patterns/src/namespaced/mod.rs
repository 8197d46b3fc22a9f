//! Namespaces: a part of a store that is dropped in one step, by its version or its epoch.

mod key;
mod namespace;
mod store;

use larder_core::Store;

pub use key::{InNamespace, SharedKey};
pub use namespace::{Namespace, Prefix};

/// The part of a store that belongs to one namespace. Made by [`PatternExt::in_namespace`](crate::PatternExt::in_namespace).
///
/// The keys carry name, version and epoch, so several parts of one store never meet, and
/// [`clear`](Store::clear) is one step over any store: it begins the next epoch. Old as "namespaces" in memcached's
/// frequently asked questions, where a generation number in the key does the same.
///
/// # What it costs
///
/// Each call makes one key: a string or bytes are allocated; [`InNamespace`] clones the plain key and counts one reference.
/// What a version or an epoch left behind keeps its place until it is evicted or expires: give entries a life, or the
/// store a bound.
///
/// # Order of composition
///
/// Around what several namespaces share, inside of what each has for its own:
/// `shared.clone().in_namespace(&users).read_through(db)`.
///
/// - `near` in front of a far part, `far.in_namespace(&ns).fronted_by(near)`, works when it is cleared as a whole.
///   [`Namespace::clear`] on the handle is wrong there: it doesn't reach the near tier. Put the namespace around both:
///   `far.fronted_by(near).in_namespace(&ns)`.
/// - `shared.read_through(db).in_namespace(&ns)` lets the origin see prefixed keys.
///
/// A reader who comes after a [`Namespace::clear`] on the handle is not answered by a load that began before it, with the
/// one exception that [`Tagged`](crate::Tagged) names.
///
/// # When something fails
///
/// - Errors of the wrapped store are passed on. [`clear`](Store::clear) asks it nothing, and can't fail.
/// - The process ends: the epoch is forgotten. Over a store that outlives it, keep [`Namespace::epoch`] and begin with
///   [`Namespace::in_epoch`], or what was cleared comes back. Over one that several processes share, tell the others
///   ([`Namespace::merge_epoch`]).
/// - A lease of another namespace, version or epoch: the fill is [`Void`](larder_core::Filled::Void).
#[derive(Debug)]
pub struct Namespaced<S> {
    inner: S,
    namespace: Namespace,
}

impl<S: Store<Key: SharedKey>> Namespaced<S> {
    /// The part of `inner` that belongs to `namespace`.
    pub const fn new(inner: S, namespace: Namespace) -> Self {
        Self { inner, namespace }
    }

    /// The wrapped store, with the keys of all namespaces.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// The namespace: to be kept where the store itself goes into a tower.
    pub const fn namespace(&self) -> &Namespace {
        &self.namespace
    }
}
