//! Namespaces: parts of one store that never meet, each with a version; a part is dropped in one step.
//!
//! Use them when several kinds of entries share a store, and when a deploy changes what the values mean: its version sees
//! nothing of the old one's, nor the old one of its, so both can run side by side. They cost a longer key; what is left
//! behind keeps its place until it is evicted or expires, so give entries a life or the store a bound.

use larder::patterns::{InNamespace, Namespace};
use larder::policies::Lru;
use larder::prelude::*;

fn main() -> larder::Result<()> {
    let (env, manual) = Env::manual();
    let shared = MemoryOptions::<InNamespace<u64>, &str>::new(100).env(&env).build(Lru::new).shared();
    let part = |name: &str, version| shared.clone().in_namespace(&Namespace::new(name, version));
    let (users, teams) = (part("users", 1), part("teams", 1));

    manual.block_on(async {
        users.put(7, "Ada").await?;
        teams.put(7, "red").await?;
        assert_eq!((users.value(&7).await?, teams.value(&7).await?), (Some("Ada"), Some("red")));
        println!("two namespaces, one store, the same key: Ada and red");

        let deployed = part("users", 2);
        assert_eq!(deployed.value(&7).await?, None);
        deployed.put(7, "Ada Lovelace").await?;
        assert_eq!(users.value(&7).await?, Some("Ada"));
        println!("version 2 begins empty, and what it writes version 1 doesn't see: a rollback finds Ada");

        teams.put(8, "blue").await?;
        teams.clear().await?;
        assert_eq!((teams.value(&7).await?, teams.value(&8).await?), (None, None));
        assert_eq!(deployed.value(&7).await?, Some("Ada Lovelace"));
        println!("a clear of the teams is one step, and leaves the users alone");

        assert_eq!((teams.namespace().epoch(), shared.len()), (1, 4));
        println!("they are in epoch 1 now; what epoch 0 left behind waits for its eviction or expiry");
        Ok(())
    })
}
