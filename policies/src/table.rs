//! The table of policies: tests, the simulator and the docs follow from its rows.

use larder_core::EvictionPolicy;

use crate::{Clock, Fifo, Gdsf, Lfu, LfuDa, Lru, Mru, Random, S3Fifo, Sieve, WTinyLfu};

/// A policy as the rest of the framework knows it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Policy {
    /// Its name on a command line: small letters and hyphens.
    pub name: &'static str,
    /// Its name in a text or a table.
    pub title: &'static str,
    /// Where it was published.
    pub paper: Paper,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Makes one for a capacity.
    pub make: fn(capacity: u64) -> Box<dyn EvictionPolicy>,
}

/// Where a policy was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paper {
    /// Who wrote it.
    pub authors: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// Where it appeared.
    pub venue: &'static str,
    /// When it appeared.
    pub year: u16,
}

/// The policy called `name`.
///
/// ```
/// let sieve = larder_policies::find("sieve").expect("it is in the table");
/// assert_eq!((sieve.title, sieve.paper.venue), ("SIEVE", "NSDI"));
/// assert!(larder_policies::find("crystal-ball").is_none());
/// ```
pub fn find(name: &str) -> Option<&'static Policy> {
    POLICIES.iter().find(|policy| policy.name == name)
}

/// Every policy of this crate, the simplest first.
pub const POLICIES: &[Policy] = &[
    Policy {
        name: "fifo",
        title: "FIFO",
        paper: BELADY_1966,
        summary: "The entry that came first leaves first.",
        make: |capacity| Box::new(Fifo::new(capacity)),
    },
    Policy {
        name: "lru",
        title: "LRU",
        paper: Paper {
            authors: "R. L. Mattson, J. Gecsei, D. R. Slutz, I. L. Traiger",
            title: "Evaluation techniques for storage hierarchies",
            venue: "IBM Systems Journal",
            year: 1970,
        },
        summary: "The entry that was not asked for longest leaves.",
        make: |capacity| Box::new(Lru::new(capacity)),
    },
    Policy {
        name: "lfu",
        title: "LFU",
        paper: Paper {
            authors: "K. Shah, A. Mitra, D. Matani",
            title: "An O(1) algorithm for implementing the LFU cache eviction scheme",
            venue: "technical report",
            year: 2010,
        },
        summary: "The entry used least often leaves; among equals, the one that reached that frequency first.",
        make: |capacity| Box::new(Lfu::new(capacity)),
    },
    Policy {
        name: "lfuda",
        title: "LFU-DA",
        paper: Paper {
            authors: "M. Arlitt, L. Cherkasova, J. Dilley, R. Friedrich, T. Jin",
            title: "Evaluating content management techniques for Web proxy caches",
            venue: "ACM SIGMETRICS Performance Evaluation Review",
            year: 2000,
        },
        summary: "LFU in which old fame fades: a use counts for more the later it comes.",
        make: |capacity| Box::new(LfuDa::new(capacity)),
    },
    Policy {
        name: "gdsf",
        title: "GDSF",
        paper: Paper {
            authors: "L. Cherkasova",
            title: "Improving WWW proxies performance with Greedy-Dual-Size-Frequency caching policy",
            venue: "HP Labs technical report",
            year: 1998,
        },
        summary: "The entry with the fewest uses for its size leaves, and old fame fades.",
        make: |capacity| Box::new(Gdsf::new(capacity)),
    },
    Policy {
        name: "mru",
        title: "MRU",
        paper: Paper {
            authors: "H.-T. Chou, D. J. DeWitt",
            title: "An evaluation of buffer management strategies for relational database systems",
            venue: "VLDB",
            year: 1985,
        },
        summary: "The entry that was asked for last leaves, which suits loops longer than the cache.",
        make: |capacity| Box::new(Mru::new(capacity)),
    },
    Policy {
        name: "random",
        title: "Random",
        paper: BELADY_1966,
        summary: "Any entry but the newest leaves, all with equal chance.",
        make: |capacity| Box::new(Random::new(capacity)),
    },
    Policy {
        name: "clock",
        title: "CLOCK",
        paper: Paper {
            authors: "F. J. Corbató",
            title: "A paging experiment with the Multics system",
            venue: "MIT Project MAC",
            year: 1968,
        },
        summary: "A queue whose oldest entry goes round once more if it was hit.",
        make: |capacity| Box::new(Clock::new(capacity)),
    },
    Policy {
        name: "sieve",
        title: "SIEVE",
        paper: Paper {
            authors: "Y. Zhang, J. Yang, Y. Yue, Y. Vigfusson, K. V. Rashmi",
            title: "SIEVE is simpler than LRU: an efficient turn-key eviction algorithm for web caches",
            venue: "NSDI",
            year: 2024,
        },
        summary: "A hand takes the first entry that was not hit, and survivors stay where they are.",
        make: |capacity| Box::new(Sieve::new(capacity)),
    },
    Policy {
        name: "s3-fifo",
        title: "S3-FIFO",
        paper: Paper {
            authors: "J. Yang, Y. Zhang, Z. Qiu, Y. Yue, K. V. Rashmi",
            title: "FIFO queues are all you need for cache eviction",
            venue: "SOSP",
            year: 2023,
        },
        summary: "A small queue drops what nobody asks for again before it gets into the main one.",
        make: |capacity| Box::new(S3Fifo::new(capacity)),
    },
    Policy {
        name: "w-tinylfu",
        title: "W-TinyLFU",
        paper: Paper {
            authors: "G. Einziger, R. Friedman, B. Manes",
            title: "TinyLFU: a highly efficient cache admission policy",
            venue: "ACM Transactions on Storage",
            year: 2017,
        },
        summary: "What leaves an LRU window must be more frequent than the victim it would replace.",
        make: |capacity| Box::new(WTinyLfu::new(capacity)),
    },
];

const BELADY_1966: Paper = Paper {
    authors: "L. A. Belady",
    title: "A study of replacement algorithms for a virtual-storage computer",
    venue: "IBM Systems Journal",
    year: 1966,
};
