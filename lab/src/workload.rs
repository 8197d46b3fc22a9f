//! A trace in memory: 4 bytes a request, 8 with sizes; 4 more where loads have costs, 4 for those who need the future, and
//! 16 where entries expire.

use crate::chunk::{Chunk, Chunks, TooLong, Totals, look_ahead};
use crate::contender::{Contender, Rules};
use crate::replay::{Watch, from_memory};
use crate::simulator::Weighing;
use crate::tally::Tally;
use crate::trace::{Error, Trace};

/// The requests of a trace, numbered, to be replayed as often as one likes.
///
/// ```
/// use larder_lab::contender::Contender;
/// use larder_lab::replay::Watch;
/// use larder_lab::workload::{Spec, Workload};
///
/// let trace = larder_lab::trace::read(std::io::Cursor::new("1\n2\n1\n3\n1\n2\n"), "tiny")?;
/// let mut workload = Workload::read(trace, &Watch::default())?;
/// workload.look_ahead().expect("it is not too long");
/// let specs = [Contender::named("lru"), Contender::named("belady")].map(|one| Spec::objects(one.unwrap(), 2));
/// let misses: Vec<u64> = workload.replay(&specs, &Watch::default()).iter().map(|tally| tally.unwrap().misses).collect();
/// assert_eq!(misses, [4, 4]);
/// # Ok::<(), larder_lab::trace::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Workload {
    /// All requests, in order; none if there were more than should be kept.
    pub chunks: Vec<Chunk>,
    /// What is known of them.
    pub totals: Totals,
}

/// One run: who, how large, and what entries weigh.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The policy.
    pub contender: Contender,
    /// The capacity, in the unit of `weighing`.
    pub capacity: u64,
    /// What entries weigh.
    pub weighing: Weighing,
    /// Whose rules count.
    pub rules: Rules,
}

impl Spec {
    /// A cache of so many objects.
    pub const fn objects(contender: Contender, capacity: u64) -> Self {
        Self { contender, capacity, weighing: Weighing::Objects, rules: Rules::Engine }
    }

    /// An empty cache.
    pub fn start(&self) -> Box<dyn crate::tally::Replay> {
        self.contender.replay(self.capacity, self.weighing, self.rules)
    }
}

impl Workload {
    /// Reads all of `trace`, or as far as it is not stopped.
    pub fn read(trace: Trace, watch: &Watch) -> Result<Self, Error> {
        Self::read_up_to(Chunks::new(trace), u64::MAX, watch)
    }

    /// Reads all of a trace, but keeps no requests if there are more than `most`: then only the totals are known.
    pub fn read_up_to(mut reading: Chunks, most: u64, watch: &Watch) -> Result<Self, Error> {
        let mut chunks = Vec::new();
        while let Some(chunk) = reading.next().transpose()? {
            watch.add(chunk.keys.len());
            watch.tell(reading.progress());
            chunks.push(chunk);
            if reading.totals().requests > most {
                chunks = Vec::new();
            }
            if watch.is_stopped() {
                break;
            }
        }
        let totals = reading.totals();
        if totals.requests > most {
            chunks.clear();
        }
        Ok(Self { chunks, totals })
    }

    /// Whether all requests are in memory.
    pub fn is_kept(&self) -> bool {
        !self.chunks.is_empty()
    }

    /// Looks up when each key comes back, for policies that need to know.
    pub fn look_ahead(&mut self) -> Result<(), TooLong> {
        look_ahead(&mut self.chunks)
    }

    /// Replays everything for each of `specs`, on all cores. `None` for those that were stopped.
    pub fn replay(&self, specs: &[Spec], watch: &Watch) -> Vec<Option<Tally>> {
        from_memory(specs.iter().map(Spec::start).collect(), &self.chunks, watch)
    }

    /// The number of each request's key, in order.
    pub fn keys(&self) -> impl Iterator<Item = u32> {
        self.chunks.iter().flat_map(|chunk| chunk.keys.iter().copied())
    }

    /// The same, counted, until the work should end.
    pub fn watched_keys(&self, watch: &Watch) -> impl Iterator<Item = u32> {
        let chunks = self.chunks.iter().take_while(|_| !watch.is_stopped());
        chunks.inspect(|chunk| watch.add(chunk.keys.len())).flat_map(|chunk| chunk.keys.iter().copied())
    }
}
