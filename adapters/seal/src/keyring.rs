//! Keys by number, of which one seals and all open: `Keyring`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use larder_core::{Error, ErrorKind, Result};

use crate::cipher::Kind;
use crate::derived::{Derived, SALT};
use crate::secret::{Randomness, SecretKey, random};
use crate::worn::{Use, Writer};

/// So many keys of other processes are remembered for each key of the ring; more are derived anew, at some microseconds.
const REMEMBERED: usize = 256;

/// Keys by number. Cloned cheaply; the clones are one ring, so that a change reaches codecs which are in stores already.
///
/// # Rotation, without a flush
///
/// 1. [`add`](Self::add) the new key in every process. It opens, and doesn't seal yet.
/// 2. When all have it, [`promote`](Self::promote) it in every process: it seals from now on. What the older key sealed is
///    still opened, and leaves by expiry, or as it is written again.
/// 3. When nothing is left of the older one, [`disable`](Self::disable) it: what it sealed is a miss. If that was too early,
///    [`enable`](Self::enable) it again.
/// 4. [`destroy`](Self::destroy) it: its bytes are wiped.
///
/// ```
/// use larder_seal::{Keyring, SecretKey};
///
/// let ring = Keyring::new(1, SecretKey::random()?);
/// ring.add(2, SecretKey::random()?)?;
/// ring.promote(2)?;
/// ring.disable(1)?;
/// ring.destroy(1)?;
/// assert_eq!((ring.primary(), ring.ids()), (2, vec![2]));
/// # Ok::<(), larder_core::Error>(())
/// ```
///
/// # Keys of keys
///
/// No key of the ring seals anything itself. Each process derives a key of its own from it, by HKDF-SHA-256 over a random salt that
/// every value carries; so the 2³² messages that a key may seal are a process's own. After 2³¹ of them, the process takes
/// a new salt, and tells it as an event; without one it stops at 2³².
///
/// # When something fails
///
/// A number that is taken, unknown or in use for what is asked is an error of the kind [`Invalid`](ErrorKind::Invalid), and
/// nothing is changed.
#[derive(Clone)]
pub struct Keyring {
    keys: Arc<RwLock<Keys>>,
    pub(crate) random: Randomness,
}

struct Keys {
    primary: u32,
    keys: BTreeMap<u32, RingKey>,
}

struct RingKey {
    master: SecretKey,
    is_disabled: bool,
    writers: Vec<(Kind, Arc<Writer>)>,
    readers: BTreeMap<(u8, [u8; SALT]), Derived>,
}

impl Keyring {
    /// A ring with one key, which seals.
    pub fn new(id: u32, key: SecretKey) -> Self {
        Self::with_randomness(id, key, random)
    }

    pub(crate) fn with_randomness(id: u32, key: SecretKey, random: Randomness) -> Self {
        let keys = BTreeMap::from([(id, RingKey::new(key))]);
        Self { keys: Arc::new(RwLock::new(Keys { primary: id, keys })), random }
    }

    /// Takes in a key that opens, and doesn't seal until it is promoted.
    pub fn add(&self, id: u32, key: SecretKey) -> Result<()> {
        let mut keys = self.write();
        if keys.keys.contains_key(&id) {
            return Err(invalid("adding a key", "its number is taken"));
        }
        keys.keys.insert(id, RingKey::new(key));
        Ok(())
    }

    /// Seals with this key from now on.
    pub fn promote(&self, id: u32) -> Result<()> {
        let mut keys = self.write();
        match keys.keys.get(&id) {
            Some(key) if !key.is_disabled => {
                keys.primary = id;
                Ok(())
            }
            _ => Err(invalid("promoting a key", "it is unknown or disabled")),
        }
    }

    /// Opens nothing more with this key: what it sealed is a miss.
    pub fn disable(&self, id: u32) -> Result<()> {
        self.write().other(id, "disabling a key")?.set_disabled(true);
        Ok(())
    }

    /// Opens with this key again.
    pub fn enable(&self, id: u32) -> Result<()> {
        self.write().other(id, "enabling a key")?.set_disabled(false);
        Ok(())
    }

    /// Wipes a key that is disabled. What it sealed can never be opened again.
    pub fn destroy(&self, id: u32) -> Result<()> {
        let mut keys = self.write();
        if !keys.other(id, "destroying a key")?.is_disabled {
            return Err(invalid("destroying a key", "it is not disabled"));
        }
        keys.keys.remove(&id);
        Ok(())
    }

    /// The number of the key that seals.
    pub fn primary(&self) -> u32 {
        self.read().primary
    }

    /// The numbers of all keys, disabled ones included, in order.
    pub fn ids(&self) -> Vec<u32> {
        self.read().keys.keys().copied().collect()
    }

    /// The key to seal one more message with, its number, and whether it was made because another was worn.
    pub(crate) fn to_seal(&self, kind: Kind) -> Result<(u32, Arc<Writer>, bool)> {
        let (id, writer) = self.writer(kind)?;
        let claimed = writer.claim();
        if let Ok(Use::Fine) = claimed {
            return Ok((id, writer, false));
        }
        match (self.renewed(id, kind, &writer), claimed) {
            (Ok(writer), _) => Ok((id, writer, true)),
            (Err(_), Ok(_)) => Ok((id, writer, false)),
            (Err(_), Err(exhausted)) => Err(exhausted),
        }
    }

    fn writer(&self, kind: Kind) -> Result<(u32, Arc<Writer>)> {
        {
            let keys = self.read();
            let writer = keys.keys.get(&keys.primary).and_then(|key| key.writer(kind));
            if let Some(writer) = writer {
                return Ok((keys.primary, Arc::clone(writer)));
            }
        }
        let salt = self.salt()?;
        let mut keys = self.write();
        let id = keys.primary;
        let missing = || invalid("sealing a value", "there is no key");
        let key = keys.keys.get_mut(&id).ok_or_else(missing)?;
        Ok((id, key.writer_or_new(id, kind, &salt)))
    }

    /// A writer with another salt, which has the first of its messages claimed.
    fn renewed(&self, id: u32, kind: Kind, worn: &Arc<Writer>) -> Result<Arc<Writer>> {
        let salt = self.salt()?;
        let mut keys = self.write();
        let missing = || invalid("sealing a value", "its key is gone");
        let key = keys.keys.get_mut(&id).ok_or_else(missing)?;
        key.writers.retain(|(_, writer)| !Arc::ptr_eq(writer, worn));
        let writer = key.writer_or_new(id, kind, &salt);
        writer.claim()?;
        Ok(writer)
    }

    fn salt(&self) -> Result<[u8; SALT]> {
        let mut salt = [0; SALT];
        (self.random)(&mut salt)?;
        Ok(salt)
    }

    /// Lets `open` try the key that sealed with this number and salt; `None` if the ring has no such number, or may not use
    /// it. A key that has opened something is remembered. The ring can't be changed before `open` is done.
    pub(crate) fn open_by<E>(
        &self,
        id: u32,
        kind: Kind,
        salt: &[u8; SALT],
        open: impl FnOnce(&Derived) -> Result<(), E>,
    ) -> Option<Result<(), E>> {
        let derived = {
            let keys = self.read();
            let key = keys.keys.get(&id).filter(|key| !key.is_disabled)?;
            match key.known(kind, salt) {
                Some(known) => return Some(open(known)),
                None => Derived::new(&key.master, id, kind, salt),
            }
        };
        let opened = open(&derived);
        if opened.is_ok() {
            self.remember(id, kind, salt, derived);
        }
        Some(opened)
    }

    fn remember(&self, id: u32, kind: Kind, salt: &[u8; SALT], derived: Derived) {
        let mut keys = self.write();
        let Some(key) = keys.keys.get_mut(&id).filter(|key| !key.is_disabled) else { return };
        if key.readers.len() >= REMEMBERED {
            key.readers.pop_first();
        }
        key.readers.insert((kind.id(), *salt), derived);
    }

    fn read(&self) -> RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Keys> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn wear(&self, kind: Kind, messages: u64) {
        self.writer(kind).unwrap().1.wear(messages);
    }
}

impl Keys {
    /// A key that doesn't seal.
    fn other(&mut self, id: u32, doing: &'static str) -> Result<&mut RingKey> {
        if id == self.primary {
            return Err(invalid(doing, "it is the one that seals"));
        }
        self.keys.get_mut(&id).ok_or_else(|| invalid(doing, "it is unknown"))
    }
}

impl RingKey {
    const fn new(master: SecretKey) -> Self {
        Self { master, is_disabled: false, writers: Vec::new(), readers: BTreeMap::new() }
    }

    /// Keys derived from a disabled one are wiped as soon as nobody is using them.
    fn set_disabled(&mut self, is_disabled: bool) {
        self.is_disabled = is_disabled;
        self.writers.clear();
        self.readers.clear();
    }

    /// The key of this salt, if it is our own or remembered.
    fn known(&self, kind: Kind, salt: &[u8; SALT]) -> Option<&Derived> {
        match self.writer(kind) {
            Some(own) if own.salt == *salt => Some(&own.derived),
            _ => self.readers.get(&(kind.id(), *salt)),
        }
    }

    fn writer(&self, kind: Kind) -> Option<&Arc<Writer>> {
        self.writers.iter().find(|(of, _)| *of == kind).map(|(_, writer)| writer)
    }

    fn writer_or_new(&mut self, id: u32, kind: Kind, salt: &[u8; SALT]) -> Arc<Writer> {
        if let Some(writer) = self.writer(kind) {
            return Arc::clone(writer);
        }
        let writer = Arc::new(Writer::new(*salt, Derived::new(&self.master, id, kind, salt)));
        self.writers.push((kind, Arc::clone(&writer)));
        writer
    }
}

impl fmt::Debug for Keyring {
    /// Shows the numbers only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("primary", &self.primary())
            .field("ids", &self.ids())
            .finish_non_exhaustive()
    }
}

fn invalid(doing: &'static str, why: &'static str) -> Error {
    Error::new(ErrorKind::Invalid, doing).because(why)
}

#[cfg(test)]
mod tests;
