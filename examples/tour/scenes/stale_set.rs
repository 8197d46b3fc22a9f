//! A stale set: a slow load ends after a write, and would put the old value back.

use larder::policies::Lru;
use larder::prelude::{Loader, Memory, Writer};
use larder::{Change, Entry, Lookup};

use crate::database::Database;
use crate::failure::{Failure, Result};
use crate::products::Product;

const KEY: u64 = 0;

type Prices = Memory<u64, Product, Lru>;

/// The same five steps with a lease, and with the `set` of most caches.
pub(crate) async fn stale_set(database: &Database) -> Result<String> {
    let (leased, naive) = (Prices::new(100, Lru::new), Prices::new(100, Lru::new));
    let (Lookup::Miss(lease), None) = (leased.lookup(&KEY), naive.get(&KEY)) else {
        return Err(Failure::Inner("a new cache has an entry".to_owned()));
    };
    let old = row(database).await?;

    let new = Product { cents: old.cents + 500, ..old.clone() };
    database.products().write(&Change::Put(KEY, new.clone())).await?;
    leased.insert(KEY, new.clone());
    naive.insert(KEY, new.clone());

    let filled = leased.fill_now(KEY, Entry::new(old.clone()), lease).is_stored();
    let filled = if filled { "taken" } else { "refused: the lease is void" };
    naive.insert(KEY, old.clone());

    let truth = row(database).await?;
    let (old, new) = (old.price(), new.price());
    let steps = [
        ["", "fill under a lease", "a plain set"],
        ["1  a reader misses the product", "gets a lease", "gets nothing"],
        ["2  and asks the database, which is slow", &old, &old],
        ["3  meanwhile the price is changed, there and here", &new, &new],
        ["4  now the reader's answer is put in", filled, "taken"],
        ["5  the next reader gets", &seen(&leased, &truth), &seen(&naive, &truth)],
    ];
    let mut text: String =
        steps.map(|[what, left, right]| format!("  {what:<52}{left:<28}{right}\n")).concat();
    text += "\nThe plain set serves the old price until that happens to leave. In Larder only a lease can fill,\n\
             and the write has voided it: no path through an application can forget the check.\n";
    Ok(text)
}

async fn row(database: &Database) -> Result<Product> {
    let row = database.products().load(&KEY).await?;
    row.map(Entry::into_value).ok_or_else(Failure::missing_product)
}

/// The price that `cache` answers with, and whether it is the database's.
fn seen(cache: &Prices, truth: &Product) -> String {
    match cache.get(&KEY) {
        None => "nothing".to_owned(),
        Some(product) if product == *truth => format!("{}, the truth", product.price()),
        Some(product) => format!("{}, stale", product.price()),
    }
}
