//! The ways to a server: straight, by sentinels, into a cluster. Each connects anew when it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, SingleNodeRoutingInfo, SlotAddr};
use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, Pipeline, RedisResult, Value};
use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;

use crate::guard::{Bounds, Guarded};

/// Where the server is, and how to get there.
pub(crate) enum Way {
    Straight(Client),
    Sentinel(Mutex<SentinelClient>),
    Cluster(ClusterClient),
}

impl Way {
    pub(crate) fn straight(url: &str) -> RedisResult<Self> {
        Ok(Self::Straight(Client::open(url)?))
    }

    /// By the sentinels at `urls`, to the master of `service`, with user, password and database of `node`.
    pub(crate) fn sentinel(urls: &[&str], service: &str, node: Option<&str>) -> RedisResult<Self> {
        let node = match node {
            None => None,
            Some(url) => {
                let settings = url.into_connection_info()?.redis_settings().clone();
                Some(SentinelNodeConnectionInfo::default().set_redis_connection_info(settings))
            }
        };
        let urls = urls.to_vec();
        #[cfg(feature = "tls")]
        let client = SentinelClient::build(urls, service, node, SentinelServerType::Master)?;
        #[cfg(not(feature = "tls"))]
        let client = SentinelClient::build(urls, service.to_owned(), node, SentinelServerType::Master)?;
        Ok(Self::Sentinel(Mutex::new(client)))
    }

    /// To the cluster that the nodes at `urls` belong to.
    pub(crate) fn cluster(urls: &[&str]) -> RedisResult<Self> {
        Ok(Self::Cluster(ClusterClientBuilder::new(urls.to_vec()).retries(3).build()?))
    }

    pub(crate) const fn in_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    pub(crate) async fn connect(&self, bounds: Bounds) -> RedisResult<Wire> {
        match self {
            Self::Straight(client) => connect(client, bounds).await,
            Self::Sentinel(sentinel) => {
                let client = sentinel.lock().await.async_get_client().await?;
                connect(&client, bounds).await
            }
            Self::Cluster(client) => Ok(Wire::Cluster(client.get_async_connection().await?)),
        }
    }
}

/// An open connection, or a cluster's several. Dropping it closes it.
pub(crate) enum Wire {
    One { connection: MultiplexedConnection, driver: Option<Driver> },
    Cluster(ClusterConnection),
}

impl Wire {
    /// Sends all commands at once; one answer for each. In a cluster they go to who has `slot`.
    pub(crate) async fn exchange(&self, commands: &Pipeline, slot: u16) -> RedisResult<Vec<Value>> {
        match (self, commands.cmd_iter().next()) {
            (Self::One { connection, .. }, Some(alone)) if commands.len() == 1 => {
                Ok(vec![connection.clone().req_packed_command(alone).await?])
            }
            (Self::One { connection, .. }, _) => {
                connection.clone().req_packed_commands(commands, 0, commands.len()).await
            }
            (Self::Cluster(connection), _) => {
                let count = commands.len();
                let route = SingleNodeRoutingInfo::SpecificNode(Route::new(slot, SlotAddr::Master));
                connection.clone().route_pipeline(commands.clone(), 0, count, route).await
            }
        }
    }

    pub(crate) const fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// Whether it is known to have ended.
    pub(crate) fn has_ended(&self) -> bool {
        match self {
            Self::One { driver: Some(driver), .. } => driver.ended.load(Ordering::Acquire),
            Self::One { driver: None, .. } | Self::Cluster(_) => false,
        }
    }
}

/// The task that moves the bytes.
pub(crate) struct Driver {
    task: AbortHandle,
    ended: Arc<AtomicBool>,
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How much is read at once, in bytes: a batch of small values by one call of the system, where the client library alone
/// would make several.
const AT_ONCE: usize = 16 << 10;

/// Plain connections are guarded; where the client library makes the connection itself (TLS) they can't be.
async fn connect(client: &Client, bounds: Bounds) -> RedisResult<Wire> {
    let info = client.get_connection_info();
    match info.addr() {
        ConnectionAddr::Tcp(host, port) => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            stream.set_nodelay(true)?;
            drive(info, stream, bounds).await
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => {
            let stream = tokio::net::UnixStream::connect(path).await?;
            drive(info, stream, bounds).await
        }
        _ => {
            let connection = client.get_multiplexed_async_connection().await?;
            Ok(Wire::One { connection, driver: None })
        }
    }
}

async fn drive<S>(info: &ConnectionInfo, stream: S, bounds: Bounds) -> RedisResult<Wire>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = Guarded::new(BufReader::with_capacity(AT_ONCE, stream), bounds);
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    let settings = info.redis_settings();
    let (connection, driver) = MultiplexedConnection::new_with_config(settings, stream, config).await?;
    let ended = Arc::new(AtomicBool::new(false));
    let end = Arc::clone(&ended);
    let task = tokio::spawn(async move {
        driver.await;
        end.store(true, Ordering::Release);
    });
    Ok(Wire::One { connection, driver: Some(Driver { task: task.abort_handle(), ended }) })
}
