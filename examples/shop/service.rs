//! The web service: products as JSON, and in a header where each came from.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::Result;
use crate::catalog::Catalog;
use crate::product::Product;

/// The header that says what had the product.
pub(crate) const SOURCE: &str = "x-source";

/// A running service. Ended when dropped.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves `catalog` on a free port of this machine.
pub(crate) async fn start(catalog: Catalog) -> Result<Service> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let routes = Router::new().route("/products/{id}", get(show).put(change)).with_state(Arc::new(catalog));
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            eprintln!("the service ended: {error}");
        }
    });
    Ok(Service { address, task })
}

async fn show(State(catalog): State<Arc<Catalog>>, Path(id): Path<u64>) -> Response {
    match catalog.get(id).await {
        Ok(Some((product, from))) => ([(SOURCE, from)], Json(product)).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => failed(&error),
    }
}

async fn change(
    State(catalog): State<Arc<Catalog>>,
    Path(id): Path<u64>,
    Json(product): Json<Product>,
) -> Response {
    if product.id != id {
        return StatusCode::BAD_REQUEST.into_response();
    }
    match catalog.put(product).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => failed(&error),
    }
}

fn failed(error: &larder::Error) -> Response {
    eprintln!("a request failed: {error}");
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}
