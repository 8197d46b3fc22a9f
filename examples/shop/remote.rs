//! The far tier: Redis, or a part of this process that keeps the same bytes where Redis is not installed.

use std::time::Duration;

use larder::policies::S3Fifo;
use larder::prelude::*;
use larder::redis::{Redis, RedisOptions};
use larder::{DynStore, Lifetimes, Parcel};

use crate::Result;
use crate::server::{self, Running};

/// How long it keeps a product.
const LIFE: Duration = Duration::from_mins(1);

/// Where bytes are kept outside of the service.
pub(crate) struct Remote {
    server: Option<(Running, u16)>,
    /// What it is, in a word and in one line.
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
}

impl Remote {
    /// Starts a Redis server if it is installed.
    pub(crate) fn start() -> Self {
        let server = server::start("redis-server", &["--bind", "127.0.0.1", "--save", ""]);
        let (name, about) = match server {
            Some(_) => ("Redis", "Redis, a server of this run"),
            None => ("bytes", "bytes in this process; Redis is not installed: apt-get install redis-server"),
        };
        Self { server, name, about }
    }

    /// A connection to a namespace of its own, which is empty.
    pub(crate) async fn namespace(&self, name: &str) -> Result<DynStore<String, Parcel>> {
        let Some((_, port)) = &self.server else {
            return Ok(MemoryOptions::new(1_000_000).ttl(LIFE).build(S3Fifo::new).into_dyn());
        };
        let lifetimes = Lifetimes { usable: Some(LIFE), ..Lifetimes::default() };
        let options = RedisOptions::new().namespace(name).lifetimes(lifetimes);
        let redis: Redis = options.connect(&format!("redis://127.0.0.1:{port}")).await?;
        Ok(redis.into_dyn())
    }
}
