//! A load as it is run: its panics caught, its time bounded, its thread marked.

use larder_core::{BoxFuture, Result};

use super::reentrance::Node;
use crate::bounded::bounded;

/// Runs `load` to its end, or until `deadline` completes: then it is dropped and the outcome is a
/// [`Timeout`](larder_core::ErrorKind::Timeout). A panic is an outcome, too.
pub(crate) async fn guarded<T>(
    node: Node,
    load: BoxFuture<'_, Result<T>>,
    deadline: Option<BoxFuture<'static, ()>>,
) -> Result<T> {
    bounded(load, deadline, "loading", || node.enter()).await
}
