//! Sealing: a store that others can read and write keeps values that only this service can read, make or move.
//!
//! Use it when the far store is shared, rented, or backed up by somebody else. It costs the cipher's work and some hundred
//! bytes a value. What can't be opened is a miss and a security event: moved to another key, kept too long, made by somebody
//! else. It can't see an older value of the same key that is put back while it lives.

use std::time::Duration;

use larder::compress::Zstd;
use larder::policies::Lru;
use larder::prelude::*;
use larder::seal::{HmacNames, Keyring, Reason, SecretKey, XChaCha20Poly1305};
use larder::serde::Json;
use larder::{Parcel, Result};

fn main() -> Result<()> {
    let (env, manual) = Env::manual();
    // A service reads them from its vault.
    let keys = Keyring::new(1, SecretKey::random()?);
    let names = HmacNames::new(SecretKey::random()?, "accounts", "account:");

    let remote = MemoryOptions::<String, Parcel>::new(1_000).env(&env).build(Lru::new).shared();
    let seal = XChaCha20Poly1305::new(&keys, &env)
        .namespace("accounts")
        .lives_at_most(Duration::from_hours(1))
        .on_event(Duration::from_mins(1), |event| {
            println!("security event: {:?} ({})", event.reason, event.count);
        });
    let events = seal.events();
    let accounts = remote
        .clone()
        .encode(seal)
        .encode(Zstd::level(3))
        .encode(Json::<Vec<u64>>::new())
        .keyed(names.of(|mail: &String| mail.as_bytes().to_vec()));

    let (ann, bob) = ("ann@example.org".to_owned(), "bob@example.org".to_owned());
    manual.block_on(async {
        accounts.put(ann.clone(), vec![1, 2, 3]).await?;
        accounts.put(bob.clone(), vec![9_999_999]).await?;
        assert_eq!(accounts.value(&ann).await?, Some(vec![1, 2, 3]));
        println!("the store sees names like {}", names.name(ann.as_bytes()));

        // Whoever runs the store gives Ann what is Bob's.
        let stolen = remote.value(&names.name(bob.as_bytes())).await?.expect("it is there");
        remote.put(names.name(ann.as_bytes()), stolen).await?;
        assert_eq!(accounts.value(&ann).await?, None);
        assert_eq!(events.count(Reason::WrongPlace), 1);
        println!("a value in another's place is a miss");

        // Another key, without a flush.
        keys.add(2, SecretKey::random()?)?;
        keys.promote(2)?;
        assert_eq!(accounts.value(&bob).await?, Some(vec![9_999_999]));
        accounts.put(ann.clone(), vec![4]).await?;
        keys.disable(1)?;
        keys.destroy(1)?;
        assert_eq!(accounts.value(&ann).await?, Some(vec![4]));
        assert_eq!(accounts.value(&bob).await?, None);
        assert_eq!(events.count(Reason::UnknownKey), 1);
        println!("what the first key sealed is a miss once it is gone; what the second sealed is read");
        Ok(())
    })
}
