//! `larder advise`: what to do, in words and in Rust.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;
use larder_lab::capacity::{Capacity, human};
use larder_lab::chunk::Totals;
use larder_lab::contender::{Contender, Rules};
use larder_lab::counsel::{Counsel, OVERHEAD, around, shards};
use larder_lab::profile::Profile;
use larder_lab::simulator::Weighing;
use larder_lab::tally::Tally;
use larder_lab::verdict::Verdict;
use larder_lab::workload::{Spec, Workload};

use super::info::spoken;
use crate::arguments::{OneTrace, is_fleeting, policies};
use crate::curves::{Effort, Question, answer, loaded};
use crate::failure::Failure;
use crate::output::print;
use crate::progress::{Progress, stopped, watch};

/// Say which policy, capacity, shards and TTL to take, and what it costs to be wrong
#[derive(Args)]
pub(crate) struct Advise {
    #[command(flatten)]
    trace: OneTrace,
    /// What the cache may take: bytes (512MiB), objects (10000) or a part of the keys (10%)
    #[arg(short, long, allow_hyphen_values = true)]
    budget: Capacity,
    /// How large a value is on average, for a budget in bytes where the trace tells no sizes
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    value_size: Option<u64>,
    /// Policies to choose from, or all
    #[arg(short, long, value_delimiter = ',', default_value = "all")]
    policy: Vec<String>,
    /// Replay every request for every policy, however long it takes
    #[arg(long)]
    exact: bool,
}

const UNADVISED: &str = "there is no advice yet";

/// What is advised.
struct Advice {
    counsel: Counsel,
    capacity: u64,
    weighing: Weighing,
    shards: (u64, f64),
    error: Option<f64>,
    ttl: Option<Duration>,
    /// Seconds of loading a million requests: with the choice, and with LRU. Where the trace tells what loads cost.
    loads: Option<[f64; 2]>,
}

impl Advise {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut contenders = policies(&self.policy)?;
        if !contenders.iter().any(|one| one.is_online()) {
            return Err(Failure::usage("no cache can run belady: name policies to choose from"));
        }
        contenders.retain(|one| one.is_online());
        contenders.push(Contender::Belady);
        let workload = loaded(&self.trace, &contenders)?;
        let (capacity, weighing) = self.capacity(&workload.totals)?;
        let effort = if self.exact { Effort::Exact } else { Effort::Auto };
        let capacities = around(capacity);
        let question = Question { contenders: &contenders, capacities: &capacities, weighing, effort };
        let curves = answer(&workload, &question);
        stopped(|| UNADVISED.to_owned())?;
        let counsel = Counsel::of(&curves).ok_or_else(|| Failure::data("there is nothing to choose from"))?;
        let progress = Progress::start("trying shards", Some(workload.totals.requests * 2));
        let shards = shards(&workload, counsel.choice, capacity, weighing, &watch());
        drop(progress);
        let error = curves.iter().filter_map(|curve| curve.error).reduce(f64::max);
        let ttl = self.nearly_all_return_within()?;
        let loads = loads(&workload, counsel.choice, capacity, weighing);
        stopped(|| UNADVISED.to_owned())?;
        let advice = Advice { counsel, capacity, weighing, shards, error, ttl, loads };
        let mut text = self.words(&advice, &workload.totals);
        let _ = write!(text, "\n{}", advice.rust());
        print(&text)
    }

    /// From another pass over the trace, where it has times and can be read again.
    fn nearly_all_return_within(&self) -> Result<Option<Duration>, Failure> {
        if is_fleeting(&self.trace.trace) {
            return Ok(None);
        }
        let _progress = Progress::start("looking at times", None);
        let profile = Profile::of(self.trace.open()?, &watch())?;
        Ok(profile.returns.map(|returns| returns.nearly_all))
    }

    /// What the budget is for the simulator, after what the cache needs for itself.
    fn capacity(&self, totals: &Totals) -> Result<(u64, Weighing), Failure> {
        let Capacity::Bytes(budget) = self.budget else {
            return Ok((self.budget.resolve(Weighing::Objects, totals), Weighing::Objects));
        };
        if let Some(size) = self.value_size {
            return Ok(((budget / (size + OVERHEAD)).max(1), Weighing::Objects));
        }
        if !totals.sized {
            let name = self.trace.name();
            return Err(Failure::usage(format!(
                "{name}: tells no sizes: say how large a value is (--value-size), or give the budget in objects"
            )));
        }
        let mean = (totals.unique_bytes / totals.unique.max(1)).max(1);
        let values = u128::from(budget) * u128::from(mean) / u128::from(mean + OVERHEAD);
        Ok((u64::try_from(values).unwrap_or(u64::MAX).max(1), Weighing::Sizes))
    }

    fn words(&self, advice: &Advice, totals: &Totals) -> String {
        let mut text = format!(
            "For {}, {} requests for {} keys:\n\n",
            self.trace.name(),
            totals.requests,
            totals.unique
        );
        let mut say = |what: &str, line: String| {
            let _ = writeln!(text, "{what:<11}{line}");
        };
        let [_, ratio, _] = advice.counsel.misses;
        say("policy", format!("{}: {} of the requests miss.", advice.counsel.choice.title(), percent(ratio)));
        advice.against(&mut say);
        say("capacity", advice.room(self, totals));
        advice.if_wrong(&mut say);
        advice.waiting(&mut say);
        let (count, cost) = advice.shards;
        say("shards", format!("{count}: {} than with one.", more(cost)));
        say("ttl", advice.life());
        if let Some(error) = advice.error {
            say(
                "sure",
                format!("from samples, within {} 19 times of 20; --exact replays everything.", points(error)),
            );
        }
        text
    }
}

impl Advice {
    fn against(&self, say: &mut impl FnMut(&str, String)) {
        let [_, ratio, _] = self.counsel.misses;
        let (best, lowest) = self.counsel.best;
        if best.name() != self.counsel.choice.name() {
            say(
                "",
                format!(
                    "{} misses {} less, which is not worth its complexity.",
                    best.title(),
                    points(ratio - lowest)
                ),
            );
        }
        if let Some((other, missed)) = self.counsel.runner_up.filter(|(other, _)| other.name() != best.name())
        {
            say("runner-up", format!("{}: {}.", other.title(), more(missed - ratio)));
        } else if let Some((other, missed)) = self.counsel.runner_up {
            say("runner-up", format!("{}: {} of the requests miss.", other.title(), percent(missed)));
        }
        let Some(Verdict { lru, bound, .. }) = self.counsel.verdicts.get(1) else { return };
        if let Some(lru) = lru.filter(|_| self.counsel.choice.name() != "lru") {
            let loads = ((lru - ratio) * 1e6).round();
            say("", format!("LRU instead: {}, {loads:+} loads in a million requests.", more(lru - ratio)));
        }
        if let Some(bound) = bound.filter(|_| self.weighing == Weighing::Objects) {
            say("", format!("No policy whatever could miss less than {}.", percent(bound)));
        }
    }

    fn room(&self, asked: &Advise, totals: &Totals) -> String {
        let overhead = format!("about {OVERHEAD} bytes an entry are for the cache itself");
        let room = match (self.weighing, asked.budget) {
            (Weighing::Sizes, _) => format!("{} of values ({overhead}).", human(self.capacity)),
            (_, Capacity::Bytes(budget)) => {
                format!("{} objects in {} ({overhead}).", self.capacity, human(budget))
            }
            _ => format!("{} objects.", self.capacity),
        };
        let all = if self.weighing == Weighing::Sizes { totals.unique_bytes } else { totals.unique };
        if self.capacity >= all { format!("{room} That is more than all keys need.") } else { room }
    }

    fn if_wrong(&self, say: &mut impl FnMut(&str, String)) {
        let [half, ratio, twice] = self.counsel.misses;
        say(
            "",
            format!("With half of it {} would miss, with twice as much {}.", percent(half), percent(twice)),
        );
        let regret = self.counsel.regret();
        let gain = ratio - twice;
        let worth = if gain < 0.01 { "More memory buys little." } else { "More memory would pay." };
        say("", worth.to_owned());
        say(
            "if wrong",
            format!(
                "from half to twice this size, another policy would miss at most {} less.",
                points(regret)
            ),
        );
    }

    fn waiting(&self, say: &mut impl FnMut(&str, String)) {
        let Some([choice, lru]) = self.loads else { return };
        let than = match self.counsel.choice.name() {
            "lru" => String::new(),
            _ => format!(" (with LRU {lru:.1})"),
        };
        say("loads", format!("a million requests wait {choice:.1} seconds for them{than}."));
    }

    fn life(&self) -> String {
        match self.ttl {
            Some(ttl) => format!(
                "99 of 100 returns come within {}: a TTL of that much costs next to no hits. Take less only where a value \
                 must not be older.",
                spoken(ttl)
            ),
            None => {
                "no times are told (nor can a pipe be read again); take the age at which a value is no longer good enough."
                    .to_owned()
            }
        }
    }

    /// The lines to paste.
    fn rust(&self) -> String {
        let policy = self.counsel.choice.type_name().unwrap_or("Lru");
        let mut lines = String::new();
        if self.ttl.is_some() {
            lines.push_str("use std::time::Duration;\n\n");
        }
        let _ = writeln!(lines, "use larder::Cache;\nuse larder::policies::{policy};\n");
        lines.push_str("let cache: Cache<String, Vec<u8>> = Cache::builder()\n");
        let _ = writeln!(lines, "    .capacity({})", grouped(self.capacity));
        if self.weighing == Weighing::Sizes {
            lines.push_str(
                "    .weigh(|_key, value: &Vec<u8>| u32::try_from(value.len()).unwrap_or(u32::MAX))\n",
            );
        }
        let _ = writeln!(lines, "    .policy({policy}::new)\n    .shards({})", self.shards.0);
        if let Some(ttl) = self.ttl {
            let _ = writeln!(lines, "    .ttl(Duration::from_secs({}))", grouped(ttl.as_secs().max(1)));
        }
        lines.push_str("    .build()?;\n");
        lines
    }
}

/// Two more replays, of the choice and of LRU.
fn loads(workload: &Workload, choice: Contender, capacity: u64, weighing: Weighing) -> Option<[f64; 2]> {
    let mean = workload.totals.mean_cost()?;
    let spec = |contender| Spec { contender, capacity, weighing, rules: Rules::Engine };
    let specs = [choice, Contender::named("lru")?].map(spec);
    let _progress = Progress::start("counting loads", Some(workload.totals.requests * 2));
    let tallies = workload.replay(&specs, &watch());
    let seconds = |at: usize| -> Option<f64> {
        let tally: &Tally = tallies.get(at)?.as_ref()?;
        Some(tally.load_seconds(mean) / tally.requests.max(1) as f64 * 1e6)
    };
    Some([seconds(0)?, seconds(1)?])
}

fn percent(ratio: f64) -> String {
    format!("{:.1}%", ratio * 100.0)
}

fn points(difference: f64) -> String {
    format!("{:.1} points", difference * 100.0)
}

fn more(difference: f64) -> String {
    let word = if difference < 0.0 { "fewer" } else { "more" };
    format!("{} {word} of the requests miss", points(difference.abs()))
}

/// A number as Rust reads it best: `1_000_000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at % 3 == first % 3 {
            text.push('_');
        }
        text.push(digit);
    }
    text
}
