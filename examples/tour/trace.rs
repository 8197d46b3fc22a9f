//! The requests: read from a trace, or made.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use larder::lab::{generate, trace};

use crate::failure::Result;
use crate::options::Options;

/// Requests for numbered keys, in the order of the trace.
pub(crate) struct Requests {
    order: Vec<u32>,
    keys: u32,
    about: String,
}

impl Requests {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// How many different keys they are for; these are numbered from 0.
    pub(crate) const fn keys(&self) -> u64 {
        self.keys as u64
    }

    /// The key of the request at `place`.
    pub(crate) fn get(&self, place: usize) -> Option<u64> {
        self.order.get(place).copied().map(u64::from)
    }

    /// Where they come from.
    pub(crate) fn about(&self) -> &str {
        &self.about
    }
}

/// The requests of the trace that the options name, or of the tour's own.
pub(crate) fn read(options: &Options) -> Result<Requests> {
    let most = options.most_requests() as usize;
    let Some(path) = &options.trace else {
        let about = format!(
            "made by larder::lab: Zipf, a shifting hot set, a loop and a scan (seed {})",
            options.seed
        );
        return number(generate::sample(options.seed).take(most).map(Ok), about);
    };
    let mut trace = match options.format {
        Some(format) => trace::open_as(path, format),
        None => trace::open(path),
    }?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let format = trace.format().name;
    let mut requests = number(
        trace.by_ref().take(most).map(|request| Ok(request?.key)),
        format!("from {name}, format {format}"),
    )?;
    if requests.len() == most && trace.next().is_some() {
        requests.about += "; more follow, see --requests";
    }
    Ok(requests)
}

/// Numbers the keys by their first appearance.
fn number(keys: impl Iterator<Item = Result<u64>>, about: String) -> Result<Requests> {
    let mut numbers = HashMap::new();
    let (mut order, mut next) = (Vec::new(), 0);
    for key in keys {
        order.push(match numbers.entry(key?) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                next += 1;
                *new.insert(next - 1)
            }
        });
    }
    Ok(Requests { order, keys: next, about })
}
