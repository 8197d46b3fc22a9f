//! A stale set: a slow load ends after a write, and would put the old value back.

use larder::policies::Lru;
use larder::prelude::{Loader, Memory, Writer};
use larder::{Change, Entry, Filled, Lookup};

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

    let filled = match leased.fill_now(KEY, Entry::new(old.clone()), lease) {
        Filled::Void => "refused: the lease is void",
        Filled::Stored => "taken",
    };
    naive.insert(KEY, old.clone());

    let truth = row(database).await?;
    let (old, new) = (old.price(), new.price());
    let mut text = format!("{:<50}{:<28}{}\n", "", "fill under a lease", "a plain set");
    let mut step = |what: &str, left: &str, right: &str| text += &format!("  {what:<48}{left:<28}{right}\n");
    step("1  a reader misses the product", "gets a lease", "gets nothing");
    step("2  and asks the database, whose answer is slow", &old, &old);
    step("3  a writer changes the price, there and here", &format!("{new} cached"), &format!("{new} cached"));
    step("4  now the reader's answer comes, and is put in", filled, "taken");
    step("5  the next reader gets", &seen(&leased, &truth), &seen(&naive, &truth));
    text += "\nThe plain set serves the old price until it happens to leave. With Larder only a lease can fill, and the\n\
             write has voided it: no code path of an application can forget the check.\n";
    Ok(text)
}

async fn row(database: &Database) -> Result<Product> {
    let row = database.products().load(&KEY).await?;
    row.map(Entry::into_value)
        .ok_or_else(|| Failure::Inner("a product is missing from the database".to_owned()))
}

/// The price that `cache` answers with, and whether it is the database's.
fn seen(cache: &Prices, truth: &Product) -> String {
    match cache.get(&KEY) {
        None => "nothing".to_owned(),
        Some(product) if product == *truth => format!("{}, the truth", product.price()),
        Some(product) => format!("{}, stale", product.price()),
    }
}
