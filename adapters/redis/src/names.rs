//! Under which names a namespace keeps its records: no two keys share one, nor do two namespaces.

use redis::{Cmd, RedisWrite};

/// How many lanes a namespace has in a cluster: each has its own slot and its own epoch.
pub(crate) const LANES: usize = 256;

/// Makes the names of one namespace.
///
/// A name is `larder:<length>:<namespace>:` and `e` for an epoch, or `k` and the key, byte by byte: the length says where
/// the namespace ends, so nothing needs to be escaped. In a cluster it begins with `{<lane>}`, the hash tag that puts
/// a lane's records and its epoch into one slot.
#[derive(Debug)]
pub(crate) struct Names {
    prefix: Vec<u8>,
    in_cluster: bool,
}

impl Names {
    pub(crate) fn new(namespace: &str, in_cluster: bool) -> Self {
        Self { prefix: format!("larder:{}:{namespace}:", namespace.len()).into_bytes(), in_cluster }
    }

    /// How many lanes there are.
    pub(crate) const fn lanes(&self) -> usize {
        if self.in_cluster { LANES } else { 1 }
    }

    /// The lane of `key`: the same in every process and every version.
    pub(crate) fn lane(&self, key: &[u8]) -> usize {
        if !self.in_cluster {
            return 0;
        }
        let fnv = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        let hash = key.iter().fold(0xcbf2_9ce4_8422_2325, fnv);
        ((hash ^ (hash >> 32)) % LANES as u64) as usize
    }

    /// The slot of a lane's names: what a cluster computes of their hash tag.
    pub(crate) fn slot(&self, lane: usize) -> u16 {
        let crc = |crc: u16, byte: u8| {
            let step = |crc: u16, _| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            (0..8).fold(crc ^ (u16::from(byte) << 8), step)
        };
        if self.in_cluster { lane.to_string().bytes().fold(0, crc) % 16_384 } else { 0 }
    }

    /// The name of a lane's epoch.
    pub(crate) fn epoch(&self, lane: usize) -> Vec<u8> {
        self.name(lane, b"e")
    }

    /// Makes the names of `keys`, all of `lane`, the next arguments of `command`.
    pub(crate) fn add<K: AsRef<[u8]>>(&self, command: &mut Cmd, lane: usize, keys: &[K]) {
        let mut name = self.name(lane, b"k");
        let prefix = name.len();
        command.reserve_space_for_args(keys.iter().map(|key| prefix + key.as_ref().len()));
        for key in keys {
            name.truncate(prefix);
            name.extend_from_slice(key.as_ref());
            command.write_arg(&name);
        }
    }

    fn name(&self, lane: usize, kind: &[u8]) -> Vec<u8> {
        let mut name = Vec::with_capacity(self.prefix.len() + 64);
        if self.in_cluster {
            name.extend(format!("{{{lane}}}").into_bytes());
        }
        name.extend(&self.prefix);
        name.extend(kind);
        name
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name_of(names: &Names, key: &[u8]) -> Vec<u8> {
        let mut command = Cmd::new();
        names.add(&mut command, names.lane(key), &[key]);
        match command.args_iter().next() {
            Some(redis::Arg::Simple(name)) => name.to_vec(),
            _ => Vec::new(),
        }
    }

    proptest! {
        #[test]
        fn no_two_keys_of_any_two_namespaces_share_a_name(
            one in ("[a:0-9{}]{0,4}", prop::collection::vec(prop::sample::select(b"ek:1{}".to_vec()), 0..6)),
            other in ("[a:0-9{}]{0,4}", prop::collection::vec(prop::sample::select(b"ek:1{}".to_vec()), 0..6)),
            in_cluster: bool,
        ) {
            let name = |(namespace, key): &(String, Vec<u8>)| {
                let names = Names::new(namespace, in_cluster);
                let lane = names.lane(key);
                (name_of(&names, key), names.epoch(lane))
            };
            let ((key, epoch), (other_key, other_epoch)) = (name(&one), name(&other));
            prop_assert_eq!(key == other_key, one == other);
            prop_assert_ne!(&key, &epoch);
            prop_assert_ne!(&key, &other_epoch);
            prop_assert!(one.0 == other.0 || epoch != other_epoch);
        }
    }

    #[test]
    fn names_are_what_they_were_in_earlier_versions() {
        let alone = Names::new("shop", false);
        assert_eq!(name_of(&alone, b"user:1"), b"larder:4:shop:kuser:1");
        assert_eq!(alone.epoch(0), b"larder:4:shop:e");
        let among = Names::new("shop", true);
        assert_eq!(among.lane(b"user:1"), 65);
        assert_eq!(among.slot(65), 2501);
        assert_eq!(name_of(&among, b"user:1"), b"{65}larder:4:shop:kuser:1");
    }
}
