//! Several futures under way at once, within a bound.

use std::future::poll_fn;
use std::task::Poll;

use larder_core::{BoxFuture, Result};

/// What all `futures` give, in their order; at most `most` of them run at once. The first error ends them all.
pub(crate) async fn abreast<T>(futures: Vec<BoxFuture<'_, Result<T>>>, most: usize) -> Result<Vec<T>> {
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    let mut waiting = futures.into_iter().enumerate();
    let mut running: Vec<_> = waiting.by_ref().take(most.max(1)).collect();
    poll_fn(|context| {
        let mut at = 0;
        while at < running.len() {
            let (place, future) = &mut running[at];
            match future.as_mut().poll(context) {
                Poll::Pending => at += 1,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(answer)) => {
                    done[*place] = Some(answer);
                    match waiting.next() {
                        Some(next) => running[at] = next,
                        None => drop(running.swap_remove(at)),
                    }
                }
            }
        }
        if running.is_empty() { Poll::Ready(Ok(())) } else { Poll::Pending }
    })
    .await?;
    Ok(done.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Waker};

    use larder_core::{Error, ErrorKind};

    use super::*;

    /// Ends at the second poll.
    fn slow<'a>(
        answer: usize,
        running: &'a AtomicUsize,
        most: &'a AtomicUsize,
    ) -> BoxFuture<'a, Result<usize>> {
        let mut begun = false;
        Box::pin(poll_fn(move |_| {
            if begun {
                running.fetch_sub(1, Ordering::Relaxed);
                return Poll::Ready(Ok(answer));
            }
            begun = true;
            most.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            Poll::Pending
        }))
    }

    fn polled<T>(future: impl Future<Output = T>) -> T {
        let mut future = Box::pin(future);
        loop {
            if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return done;
            }
        }
    }

    #[test]
    fn answers_come_in_the_order_of_the_questions_and_no_more_run_than_may() {
        for (count, bound) in [(0, 3), (1, 3), (7, 3), (3, 0)] {
            let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let futures = (0..count).map(|n| slow(n, &running, &most)).collect();
            assert_eq!(polled(abreast(futures, bound)).unwrap(), (0..count).collect::<Vec<_>>());
            assert_eq!(most.into_inner(), bound.max(1).min(count));
        }
    }

    #[test]
    fn the_first_error_ends_them_all() {
        let fails = Box::pin(async { Err(Error::new(ErrorKind::Load, "failing")) });
        let outcome = polled(abreast::<()>(vec![Box::pin(std::future::pending()), fails], 2));
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Load);
    }
}
