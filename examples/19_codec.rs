//! A codec of your own: values in another form, for a store that keeps bytes. A form that can't be read is a miss.
//!
//! Use one to serialize, compress or seal values before they leave the process. It costs the work on every hit, and an
//! allocation. Give the form a version: a new one of the program then reads the old one's entries as misses, and loads
//! them anew, instead of failing on them.

use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::codec;
use larder::{Context, Error, ErrorKind, Result};

#[derive(Clone, Debug, PartialEq)]
struct User {
    name: String,
    age: u8,
}

/// The version, the age, the name.
struct UserForm {
    version: u8,
}

impl Codec for UserForm {
    type Plain = User;
    type Encoded = Vec<u8>;

    fn encode(&self, user: &User, _: &Context<'_>) -> Result<Vec<u8>> {
        Ok([&[self.version, user.age], user.name.as_bytes()].concat())
    }

    fn decode(&self, bytes: &Vec<u8>, _: &Context<'_>) -> Result<User> {
        match bytes.as_slice() {
            [version, age, name @ ..] if *version == self.version => {
                let name = std::str::from_utf8(name);
                let name =
                    name.map_err(|error| Error::new(ErrorKind::Codec, "decoding a name").because(error))?;
                Ok(User { name: name.to_owned(), age: *age })
            }
            _ => Err(Error::new(ErrorKind::Codec, "decoding a user of another version")),
        }
    }
}

fn main() -> Result<()> {
    let ada = User { name: "Ada".to_owned(), age: 36 };
    let nobody = User { name: String::new(), age: 0 };
    codec::conforms(&UserForm { version: 1 }, &[ada.clone(), nobody], &codec::Options::new());
    println!("the codec gives back what it was given, and survives what it wasn't");

    let (env, manual) = Env::manual();
    let bytes = MemoryOptions::<String, Vec<u8>>::new(100).env(&env).build(Lru::new).shared();
    let old = bytes.clone().encode(UserForm { version: 1 });
    let new = bytes.clone().encode(UserForm { version: 2 });
    manual.block_on(async {
        let key = "user:1".to_owned();
        old.put(key.clone(), ada.clone()).await?;
        assert_eq!(bytes.value(&key).await?.as_deref(), Some(&b"\x01\x24Ada"[..]));
        println!("the store keeps five bytes: version, age and name");

        assert_eq!(old.value(&key).await?, Some(ada.clone()));
        assert_eq!(new.value(&key).await?, None);
        assert_eq!(new.decode_failures(), 1);
        println!("the next version of the program reads a miss, and counts it: {}", new.decode_failures());

        let users = new.read_through_in(move |_| std::future::ready(Ok(Some(ada.clone()))), &env);
        assert_eq!(users.value(&key).await?.map(|user| user.age), Some(36));
        assert_eq!(bytes.value(&key).await?.map(|form| form[0]), Some(2));
        println!("its read-through loads the user, and replaces the old form by version 2");
        Ok(())
    })
}
