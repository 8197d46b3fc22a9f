//! The conformance suite, over a real folder.

use std::cell::Cell;

use larder_core::{Env, Label, Parcel};
use larder_disk::DiskOptions;
use larder_policies::Lru;
use larder_testkit::store::{Options, conforms};

#[tokio::test(flavor = "current_thread")]
async fn a_disk_keeps_the_rules_of_a_store() {
    let (env, manual) = Env::manual();
    let folder = tempfile::tempdir().unwrap();
    let number = Cell::new(0);
    let make = async || {
        number.set(number.get() + 1);
        let own = folder.path().join(number.get().to_string());
        DiskOptions::new(own, 1 << 20).env(&env).open(Lru::new).await.unwrap()
    };
    let key = |n: u64| n.to_be_bytes().to_vec();
    let value = |n: u64| Parcel::new(Label { schema: n, ..Label::default() }, n.to_string());
    conforms(make, &Options::manual(key, value, &manual).coarse_leases().operations(1_500)).await;
}
