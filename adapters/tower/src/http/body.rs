//! A body from the cache, or one that is passed on as it comes.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// The body of a response that went through the cache.
pub struct CachedBody<B: Body>(Form<B>);

enum Form<B: Body> {
    Kept(Option<Bytes>),
    /// What was read of the body already, and then the rest.
    Passed {
        first: VecDeque<Frame<Bytes>>,
        error: Option<B::Error>,
        rest: Pin<Box<B>>,
    },
}

/// What came of reading a body.
pub(super) enum Read<B: Body> {
    Whole(Bytes),
    /// It is longer than may be, fails, or has trailers: to be passed on from its beginning.
    Not(CachedBody<B>),
}

impl<B: Body<Data = Bytes>> CachedBody<B> {
    /// A body to pass on as it comes.
    pub(super) fn passed(body: B) -> Self {
        Self(Form::Passed { first: VecDeque::new(), error: None, rest: Box::pin(body) })
    }

    /// Reads `body` to its end, unless it is longer than `limit` bytes.
    pub(super) async fn read(body: B, limit: usize) -> Read<B> {
        let mut rest = Box::pin(body);
        let mut first = VecDeque::new();
        let mut length = 0_usize;
        let not = |first, error, rest| Read::Not(Self(Form::Passed { first, error, rest }));
        loop {
            if rest.size_hint().lower() > (limit - length) as u64 {
                return not(first, None, rest);
            }
            match poll_fn(|context| rest.as_mut().poll_frame(context)).await {
                None => return Read::Whole(joined(first, length)),
                Some(Err(error)) => return not(first, Some(error), rest),
                Some(Ok(frame)) => {
                    let data = frame.data_ref().map(Bytes::len);
                    first.push_back(frame);
                    match data.and_then(|data| length.checked_add(data)).filter(|sum| *sum <= limit) {
                        Some(sum) => length = sum,
                        None => return not(first, None, rest),
                    }
                }
            }
        }
    }
}

impl<B: Body> CachedBody<B> {
    pub(super) const fn kept(body: Bytes) -> Self {
        Self(Form::Kept(Some(body)))
    }
}

/// All data of `frames`, without a copy if there is only one.
fn joined(mut frames: VecDeque<Frame<Bytes>>, length: usize) -> Bytes {
    if frames.len() < 2 {
        return frames.pop_front().and_then(|frame| frame.into_data().ok()).unwrap_or_default();
    }
    let mut all = Vec::with_capacity(length);
    frames.iter().filter_map(Frame::data_ref).for_each(|data| all.extend_from_slice(data));
    all.into()
}

impl<B: Body<Data = Bytes>> Body for CachedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match &mut self.0 {
            Form::Kept(body) => {
                let body = body.take().filter(|body| !body.is_empty());
                Poll::Ready(body.map(|body| Ok(Frame::data(body))))
            }
            Form::Passed { first, error, rest } => {
                if let Some(frame) = first.pop_front() {
                    return Poll::Ready(Some(Ok(frame)));
                }
                if let Some(error) = error.take() {
                    return Poll::Ready(Some(Err(error)));
                }
                rest.as_mut().poll_frame(context)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Form::Kept(body) => body.as_ref().is_none_or(Bytes::is_empty),
            Form::Passed { first, error, rest } => {
                first.is_empty() && error.is_none() && rest.is_end_stream()
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Form::Kept(body) => SizeHint::with_exact(body.as_ref().map_or(0, Bytes::len) as u64),
            Form::Passed { first, rest, .. } => {
                let first: u64 = first.iter().filter_map(Frame::data_ref).map(|data| data.len() as u64).sum();
                let rest = rest.size_hint();
                let mut hint = SizeHint::new();
                hint.set_lower(rest.lower().saturating_add(first));
                if let Some(upper) = rest.upper() {
                    hint.set_upper(upper.saturating_add(first));
                }
                hint
            }
        }
    }
}

impl<B: Body> Unpin for CachedBody<B> {}

impl<B: Body> fmt::Debug for CachedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CachedBody")
    }
}
