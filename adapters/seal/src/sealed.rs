//! Parcels that only who has the key can read or make: the codec `Sealed`.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{Codec, Context, Env, Error, ErrorKind, Label, Parcel, Result, parcel::cipher};

use crate::algorithms::Algorithm;
use crate::cipher::{Kind, TAG};
use crate::derived::Derived;
use crate::events::{Reason, SecurityEvent, SecurityEvents};
use crate::header::{EXACT, FIXED, Header, MARKED, Parts, place};
use crate::keyring::Keyring;
use crate::limits::Limits;
use crate::padding::{Padding, unpad};
use crate::wall::{SystemWallClock, WallClock};

/// Parcels sealed by the cipher `A`, under the keys of a [`Keyring`].
///
/// A sealed value can be read and made only by who has the key, and opens only where it was put, as what it was, and while
/// it lives: namespace, stored key, label (codec, compressor, schema, stamps) and deadline are authenticated with it. Cloned cheaply.
///
/// What it costs: the cipher's work, and some hundred nanoseconds for a nonce from the operating system; one allocation
/// each way. A sealed value is longer by 101 bytes (89 with nonces of 96 bits), and its padding.
///
/// # When something fails
///
/// - A value that can't be opened is an error of the kind [`Codec`](ErrorKind::Codec), which a store reads as a miss; and an event, counted
///   by [`Reason`] in [`events`](Self::events).
/// - A value above [`at_most`](Self::at_most), or one that is sealed already, can't be sealed.
/// - Nor can any under a key that has sealed 2³² messages in this process, if no other could be derived: an error of the
///   kind [`Overloaded`](ErrorKind::Overloaded), whose source is [`KeyExhausted`](crate::KeyExhausted).
pub struct Sealed<A> {
    keys: Keyring,
    namespace: Arc<[u8]>,
    limits: Limits,
    at_most: usize,
    padding: Padding,
    wall: Arc<dyn WallClock>,
    events: SecurityEvents,
    algorithm: PhantomData<fn() -> A>,
}

impl<A: Algorithm> Sealed<A> {
    /// Seals with the primary key of `keys`, and opens with any. `env` is that of the store: its clock tells what the
    /// deadlines of entries mean.
    pub fn new(keys: &Keyring, env: &Env) -> Self {
        let limits =
            Limits { clock: env.clock().clone(), lives_at_most: None, leeway: Duration::from_secs(1) };
        Self {
            keys: keys.clone(),
            namespace: Arc::default(),
            limits,
            at_most: 64 << 20,
            padding: Padding::None,
            wall: Arc::new(SystemWallClock),
            events: SecurityEvents::silent(),
            algorithm: PhantomData,
        }
    }

    /// Binds values to `name`: those of one namespace don't open in another. Without it: the empty one.
    pub fn namespace(mut self, name: impl AsRef<[u8]>) -> Self {
        self.namespace = name.as_ref().into();
        self
    }

    /// Lets no value open longer than `duration` after it was sealed, even where the application or the store would. Without
    /// it a value that leaves its life to the store is sealed for ever: the store's default is not known here.
    ///
    /// What the store keeps longer is a miss then, counted as [`Expired`](Reason::Expired): say the store's own default TTL, or a little more.
    pub fn lives_at_most(mut self, duration: Duration) -> Self {
        self.limits.lives_at_most = Some(duration);
        self
    }

    /// How much the clocks of machines may differ, and a write may take to arrive: a value opens so much longer. Without it: a second.
    pub const fn leeway(mut self, duration: Duration) -> Self {
        self.limits.leeway = duration;
        self
    }

    /// Seals and opens nothing above so many bytes. Without it: 64 MiB.
    pub const fn at_most(mut self, bytes: usize) -> Self {
        self.at_most = bytes;
        self
    }

    /// Rounds lengths up, so that they tell less. Without it: [`Padding::None`]. Any padding is read.
    pub const fn padded(mut self, padding: Padding) -> Self {
        self.padding = padding;
        self
    }

    /// Takes the time of day from `clock`. Without it: from the operating system.
    pub fn wall_clock(mut self, clock: impl WallClock) -> Self {
        self.wall = Arc::new(clock);
        self
    }

    /// Calls `tell` when something happens, of each [`Reason`] at most once in `every`. It runs where the value is read:
    /// let it be short. Counts begin anew.
    ///
    /// It hears neither keys nor values: an attacker chooses how often it is called, and must not choose what is logged.
    pub fn on_event(mut self, every: Duration, tell: impl Fn(SecurityEvent) + Send + Sync + 'static) -> Self {
        self.events = SecurityEvents::told_to(tell, every, &self.limits.clock);
        self
    }

    /// What was not opened so far, to be read when this codec has gone into a store.
    pub fn events(&self) -> SecurityEvents {
        self.events.clone()
    }

    /// Makes `plain` what `key` sealed, if the parts commit to it and are authentic in this place.
    fn open_by(
        &self,
        key: &Derived,
        parts: &Parts<'_>,
        label: &Label,
        context: &Context<'_>,
        plain: &mut Vec<u8>,
    ) -> Result<(), Reason> {
        if !key.is_committed_to(parts.header.commitment) {
            return Err(Reason::Forged);
        }
        plain.resize(parts.sealed.len(), 0);
        let opened = parts.header.bound(&self.namespace, context.key, label, |bound| {
            key.cipher.open(parts.nonce, bound, parts.sealed, parts.tag, plain)
        });
        if opened.is_some() {
            return Ok(());
        }
        let moved = parts.header.place != place(&self.namespace, context.key);
        Err(if moved { Reason::WrongPlace } else { Reason::Forged })
    }

    /// Makes `plain` what was sealed, if it is authentic and in time; else it is of no use. In this order: length, version, key,
    /// commitment, tag, deadline.
    fn open(&self, parcel: &Parcel, context: &Context<'_>, plain: &mut Vec<u8>) -> Result<(), Reason> {
        let label = &parcel.label;
        let longest = self.at_most.saturating_add(1).saturating_mul(2).saturating_add(overhead(A::KIND));
        if label.cipher != A::KIND.id() || parcel.payload().len() > longest {
            return Err(Reason::Malformed);
        }
        let parts = Header::read(parcel.payload(), A::KIND).ok_or(Reason::Malformed)?;
        let open = |key: &Derived| self.open_by(key, &parts, label, context, plain);
        let opened = self.keys.open_by(label.key_id, A::KIND, parts.header.salt, open);
        opened.ok_or(Reason::UnknownKey)??;
        if !self.limits.allow(parts.header.not_after, context.life, || self.wall.unix_millis()) {
            return Err(Reason::Expired);
        }
        let ends = parts.header.version != MARKED || unpad(plain);
        if ends && plain.len() <= self.at_most { Ok(()) } else { Err(Reason::Malformed) }
    }
}

impl<A: Algorithm> Codec for Sealed<A> {
    type Plain = Parcel;
    type Encoded = Parcel;

    fn encode(&self, parcel: &Parcel, context: &Context<'_>) -> Result<Parcel> {
        let plain = parcel.payload();
        if parcel.label.cipher != cipher::NONE {
            return Err(unsealable("it is sealed already"));
        }
        if plain.len() > self.at_most {
            return Err(unsealable("it is over the bound"));
        }
        let (key_id, writer, is_renewed) = self.keys.to_seal(A::KIND)?;
        if is_renewed {
            self.events.add(Reason::Worn);
        }
        let label = Label { cipher: A::KIND.id(), key_id, ..parcel.label.clone() };
        let header = Header {
            version: if self.padding == Padding::None { EXACT } else { MARKED },
            not_after: self.limits.not_after(context.life, || self.wall.unix_millis()),
            place: place(&self.namespace, context.key),
            salt: &writer.salt,
            commitment: writer.derived.commitment(),
        };
        let plain = self.padding.padded(plain);
        let mut bytes = Vec::with_capacity(overhead(A::KIND) + plain.len());
        header.write(&mut bytes);
        let start = FIXED + A::KIND.nonce();
        bytes.resize(start + plain.len() + TAG, 0);
        let (head, sealed) = bytes.split_at_mut(start);
        (self.keys.random)(&mut head[FIXED..])?;
        let sealed = header.bound(&self.namespace, context.key, &label, |bound| {
            writer.derived.cipher.seal(&head[FIXED..], bound, &plain, sealed)
        });
        sealed.ok_or_else(|| unsealable("it is over the cipher's bound"))?;
        Ok(Parcel::new(label, bytes))
    }

    fn decode(&self, parcel: &Parcel, context: &Context<'_>) -> Result<Parcel> {
        let mut plain = Vec::new();
        self.open(parcel, context, &mut plain).map_err(|reason| {
            self.events.add(reason);
            Error::new(ErrorKind::Codec, "opening a sealed value").because(explained(reason))
        })?;
        Ok(Parcel::new(Label { cipher: cipher::NONE, key_id: 0, ..parcel.label.clone() }, plain))
    }
}

/// What is around the sealed bytes.
const fn overhead(kind: Kind) -> usize {
    FIXED + kind.nonce() + TAG
}

fn unsealable(why: &'static str) -> Error {
    Error::new(ErrorKind::Codec, "sealing a value").because(why)
}

const fn explained(reason: Reason) -> &'static str {
    match reason {
        Reason::Malformed => "it is not sealed in this way",
        Reason::UnknownKey => "its key is unknown or disabled",
        Reason::Forged => "it is damaged or forged",
        Reason::WrongPlace => "it was sealed for another place",
        Reason::Expired => "its time is over, or was prolonged",
        Reason::Worn => "its key is worn",
    }
}

impl<A> Clone for Sealed<A> {
    fn clone(&self) -> Self {
        Self {
            keys: self.keys.clone(),
            namespace: Arc::clone(&self.namespace),
            limits: self.limits.clone(),
            at_most: self.at_most,
            padding: self.padding,
            wall: Arc::clone(&self.wall),
            events: self.events.clone(),
            algorithm: PhantomData,
        }
    }
}

impl<A: Algorithm> fmt::Debug for Sealed<A> {
    /// Shows settings only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed")
            .field("by", &A::KIND)
            .field("keys", &self.keys)
            .field("at_most", &self.at_most)
            .field("padding", &self.padding)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}
