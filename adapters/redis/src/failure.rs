//! What the client's errors are in the words of the framework, without a key or a value in them.

use std::fmt;

use larder_core::{Error, ErrorKind};
use redis::{ErrorKind as Kind, RedisError, ServerErrorKind};

/// `error`, as an error that happened while `doing` something.
pub(crate) fn failed(doing: &'static str, error: &RedisError) -> Error {
    let kind = match (error.kind(), error.code()) {
        _ if error.is_timeout() => ErrorKind::Timeout,
        (_, Some("OOM")) => ErrorKind::Overloaded,
        (
            Kind::AuthenticationFailed | Kind::InvalidClientConfig | Kind::Server(ServerErrorKind::NoPerm),
            _,
        )
        | (_, Some("NOAUTH" | "WRONGPASS" | "DENIED")) => ErrorKind::Invalid,
        _ => ErrorKind::Store,
    };
    Error::new(kind, doing).because(Said::of(error))
}

/// A deadline that passed while `doing` something.
pub(crate) fn late(doing: &'static str) -> Error {
    Error::new(ErrorKind::Timeout, doing).because("the server has not answered")
}

/// An answer that none of our questions has.
pub(crate) fn garbled(doing: &'static str) -> Error {
    Error::new(ErrorKind::Store, doing).because("the server doesn't answer as Redis does")
}

/// What went wrong, by its kind and the server's code. What the server says in words may quote the command, so it is left
/// out.
#[derive(Debug)]
struct Said {
    category: &'static str,
    code: Option<String>,
}

impl Said {
    fn of(error: &RedisError) -> Self {
        let category = match error.kind() {
            Kind::Io => "the connection failed",
            Kind::Parse => "the server doesn't answer as Redis does",
            Kind::AuthenticationFailed => "the server refused the user or the password",
            Kind::InvalidClientConfig => "the address can't be used",
            Kind::ClusterConnectionNotFound => "no node of the cluster can be reached",
            Kind::MasterNameNotFoundBySentinel | Kind::EmptySentinelList => "no sentinel knows the service",
            Kind::Server(_) | Kind::Extension => "the server refused",
            _ => "the client failed",
        };
        let plain = |code: &&str| code.len() <= 32 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        Self { category, code: error.code().filter(plain).map(ToOwned::to_owned) }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.category)?;
        match &self.code {
            Some(code) => write!(f, " ({code})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Said {}
