//! The table of policies: tests, the simulator and the docs follow from its rows.

use larder_core::EvictionPolicy;

use crate::{
    Arc, Cacheus, Car, Clock, ClockPro, Fifo, Gdsf, Hyperbolic, LeCaR, Lfu, LfuDa, Lhd, Lirs, Lru, LruK, Mru,
    QdClock, QdLpFifo, Random, S3Fifo, Sieve, Slru, TwoQ, WTinyLfu,
};

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
        name: "slru",
        title: "SLRU",
        paper: Paper {
            authors: "R. Karedla, J. S. Love, B. G. Wherry",
            title: "Caching strategies to improve disk system performance",
            venue: "IEEE Computer",
            year: 1994,
        },
        summary: "Every hit lifts an entry one of four LRU segments up, and what overflows a segment falls one down.",
        make: |capacity| Box::new(Slru::new(capacity)),
    },
    Policy {
        name: "2q",
        title: "2Q",
        paper: Paper {
            authors: "T. Johnson, D. Shasha",
            title: "2Q: a low overhead high performance buffer management replacement algorithm",
            venue: "VLDB",
            year: 1994,
        },
        summary: "New entries pass a queue, and go into an LRU if they are asked for soon after they left it.",
        make: |capacity| Box::new(TwoQ::new(capacity)),
    },
    Policy {
        name: "arc",
        title: "ARC",
        paper: Paper {
            authors: "N. Megiddo, D. S. Modha",
            title: "ARC: a self-tuning, low overhead replacement cache",
            venue: "FAST",
            year: 2003,
        },
        summary: "An LRU for what came once and one for what came again, whose shares follow the ghosts that are asked for.",
        make: |capacity| Box::new(Arc::new(capacity)),
    },
    Policy {
        name: "lirs",
        title: "LIRS",
        paper: Paper {
            authors: "S. Jiang, X. Zhang",
            title: "LIRS: an efficient low inter-reference recency set replacement policy to improve buffer cache performance",
            venue: "SIGMETRICS",
            year: 2002,
        },
        summary: "Entries that come back after few others have nearly all the room; the rest pass a small queue.",
        make: |capacity| Box::new(Lirs::new(capacity)),
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
        name: "qdlp",
        title: "QD-LP-FIFO",
        paper: YANG_2023,
        summary: "New entries pass a small queue, and go on into a CLOCK if they were hit there.",
        make: |capacity| Box::new(QdLpFifo::new(capacity)),
    },
    Policy {
        name: "qd-clock",
        title: "QD-CLOCK",
        paper: YANG_2023,
        summary: "New entries pass a very small queue, go on into a CLOCK if they were hit there, and leave prints if not.",
        make: |capacity| Box::new(QdClock::new(capacity)),
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
    Policy {
        name: "lru-k",
        title: "LRU-K",
        paper: Paper {
            authors: "E. J. O'Neil, P. E. O'Neil, G. Weikum",
            title: "The LRU-K page replacement algorithm for database disk buffering",
            venue: "SIGMOD",
            year: 1993,
        },
        summary: "The entry whose last use but one is the longest ago leaves.",
        make: |capacity| Box::new(LruK::new(capacity)),
    },
    Policy {
        name: "car",
        title: "CAR",
        paper: Paper {
            authors: "S. Bansal, D. S. Modha",
            title: "CAR: clock with adaptive replacement",
            venue: "FAST",
            year: 2004,
        },
        summary: "Two clocks, for entries used once and more often, whose ghosts say which needs room.",
        make: |capacity| Box::new(Car::new(capacity)),
    },
    Policy {
        name: "clock-pro",
        title: "CLOCK-Pro",
        paper: Paper {
            authors: "S. Jiang, F. Chen, X. Zhang",
            title: "CLOCK-Pro: an effective improvement of the CLOCK replacement",
            venue: "USENIX ATC",
            year: 2005,
        },
        summary: "A cold entry used again within its test period gets the place of the oldest hot one.",
        make: |capacity| Box::new(ClockPro::new(capacity)),
    },
    Policy {
        name: "lecar",
        title: "LeCaR",
        paper: Paper {
            authors: "G. Vietri, L. V. Rodriguez, W. A. Martinez, S. Lyons, J. Liu, R. Rangaswami, M. Zhao, G. Narasimhan",
            title: "Driving cache replacement with ML-based LeCaR",
            venue: "HotStorage",
            year: 2018,
        },
        summary: "LRU or LFU chooses by chance, and one whose victim comes back is trusted less.",
        make: |capacity| Box::new(LeCaR::new(capacity)),
    },
    Policy {
        name: "cacheus",
        title: "Cacheus",
        paper: Paper {
            authors: "L. V. Rodriguez, F. Yusuf, S. Lyons, E. Paz, R. Rangaswami, J. Liu, M. Zhao, G. Narasimhan",
            title: "Learning cache replacement with CACHEUS",
            venue: "FAST",
            year: 2021,
        },
        summary: "Two experts choose by chance, one that scans pass by and one for churn, and learn how fast to learn.",
        make: |capacity| Box::new(Cacheus::new(capacity)),
    },
    Policy {
        name: "lhd",
        title: "LHD",
        paper: Paper {
            authors: "N. Beckmann, H. Chen, A. Cidon",
            title: "LHD: improving cache hit rate by maximizing hit density",
            venue: "NSDI",
            year: 2018,
        },
        summary: "Of a few drawn at random, the entry with the least hits to be expected for its room leaves.",
        make: |capacity| Box::new(Lhd::new(capacity)),
    },
    Policy {
        name: "hyperbolic",
        title: "Hyperbolic",
        paper: Paper {
            authors: "A. Blankstein, S. Sen, M. J. Freedman",
            title: "Hyperbolic caching: flexible caching for web applications",
            venue: "USENIX ATC",
            year: 2017,
        },
        summary: "Of 64 drawn at random, the entry used least often for its time in the cache leaves.",
        make: |capacity| Box::new(Hyperbolic::new(capacity)),
    },
];

const YANG_2023: Paper = Paper {
    authors: "J. Yang, Z. Qiu, Y. Zhang, Y. Yue, K. V. Rashmi",
    title: "FIFO can be better than LRU: the power of lazy promotion and quick demotion",
    venue: "HotOS",
    year: 2023,
};

const BELADY_1966: Paper = Paper {
    authors: "L. A. Belady",
    title: "A study of replacement algorithms for a virtual-storage computer",
    venue: "IBM Systems Journal",
    year: 1966,
};
