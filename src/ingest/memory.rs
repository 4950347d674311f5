//! How much memory request bodies take together.
//!
//! One envelope may have many megabytes; a few dozen compressed ones could ask for more than the machine
//! has. Every body is charged with the bytes it occupies, compressed or not, until the journal has it.
//! What does not fit waits for others to finish; what has waited long enough is refused with 429.
//!
//! Small bodies, which nearly all events are, have room of their own: a few senders of large bodies that
//! take their time must not keep everybody else waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metrics::gauge;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::Error;

/// A body of no more than this is small.
const MAX_SMALL_BYTES: usize = 64 * 1024;

/// What all small bodies may take together: four thousand of the usual ones.
const SMALL_POOL_BYTES: usize = 16 << 20;

/// Charges are rounded up to these, so that a body in many pieces is not counted piece by piece.
const SMALL_STEP_BYTES: usize = 4 * 1024;
const STEP_BYTES: usize = 64 * 1024;

/// What all bodies may take together.
#[derive(Clone, Debug)]
pub(super) struct BodyMemory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    small: Pool,
    large: Pool,
    freed: Notify,
    patience: Duration,
}

#[derive(Debug)]
struct Pool {
    most: usize,
    used: AtomicUsize,
}

/// What one body takes; given back when dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    memory: BodyMemory,
    bytes: usize,
    is_small: bool,
}

impl Pool {
    fn new(most: usize) -> Self {
        Self { most, used: AtomicUsize::new(0) }
    }

    fn try_take(&self, bytes: usize) -> bool {
        let fits = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.most);
        let is_taken = self.used.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fits).is_ok();
        if is_taken {
            gauge!("picket_ingest_body_memory_bytes").increment(as_f64(bytes));
        }
        is_taken
    }

    fn give_back(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::SeqCst);
        gauge!("picket_ingest_body_memory_bytes").decrement(as_f64(bytes));
    }
}

impl BodyMemory {
    /// Room for `most` bytes of large bodies, for which one waits as long as `patience`.
    pub(super) fn new(most: usize, patience: Duration) -> Self {
        let (small, large) = (Pool::new(SMALL_POOL_BYTES), Pool::new(most));
        Self(Arc::new(Shared { small, large, freed: Notify::new(), patience }))
    }

    /// The most that one body may have.
    pub(super) fn most(&self) -> usize {
        self.0.large.most
    }

    /// Begins an account.
    pub(super) fn reserve(&self) -> Reservation {
        Reservation { memory: self.clone(), bytes: 0, is_small: true }
    }

    fn give_back(&self, is_small: bool, bytes: usize) {
        if bytes > 0 {
            let pool = if is_small { &self.0.small } else { &self.0.large };
            pool.give_back(bytes);
            self.0.freed.notify_waiters();
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "less than 2^53 bytes")]
fn as_f64(bytes: usize) -> f64 {
    bytes as f64
}

impl Reservation {
    /// Charges for `bytes` in all, waiting for room.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when there can never be room, [`Error::Busy`] when there was none in time.
    pub(super) async fn grow_to(&mut self, bytes: usize) -> Result<(), Error> {
        let now = self.grow_now(bytes);
        if now != Err(Error::Busy) {
            return now;
        }
        let memory = self.memory.clone();
        let room = async {
            loop {
                // Asked for before looking, so that room made in between is heard of.
                let freed = memory.0.freed.notified();
                if self.try_grow_to(bytes) {
                    return;
                }
                freed.await;
            }
        };
        timeout(memory.0.patience, room).await.map_err(|_| Error::Busy)
    }

    /// Charges for `bytes` in all without waiting.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when there can never be room, [`Error::Busy`] when there is none now.
    pub(super) fn grow_now(&mut self, bytes: usize) -> Result<(), Error> {
        match self.try_grow_to(bytes) {
            true => Ok(()),
            false if bytes > self.memory.most() => Err(Error::TooLarge),
            false => Err(Error::Busy),
        }
    }

    fn try_grow_to(&mut self, bytes: usize) -> bool {
        if bytes <= self.bytes {
            return true;
        }
        let Shared { small, large, .. } = &*self.memory.0;
        let stays_small = self.is_small && bytes <= MAX_SMALL_BYTES;
        let (pool, rounded) = if stays_small {
            (small, bytes.next_multiple_of(SMALL_STEP_BYTES))
        } else {
            (large, bytes.next_multiple_of(STEP_BYTES).min(large.most.max(bytes)))
        };
        // What outgrows one room is charged whole in the other.
        let moves = self.is_small && !stays_small;
        let is_taken = pool.try_take(if moves { rounded } else { rounded - self.bytes });
        if is_taken {
            if moves {
                self.memory.give_back(true, self.bytes);
            }
            (self.bytes, self.is_small) = (rounded, stays_small);
        }
        is_taken
    }

    /// Shrinks what is charged to `bytes`.
    pub(super) fn shrink_to(&mut self, bytes: usize) {
        let step = if self.is_small { SMALL_STEP_BYTES } else { STEP_BYTES };
        let rounded = bytes.next_multiple_of(step);
        if rounded < self.bytes {
            self.memory.give_back(self.is_small, self.bytes - rounded);
            self.bytes = rounded;
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.memory.give_back(self.is_small, self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    fn used(memory: &BodyMemory) -> (usize, usize) {
        let used = |pool: &Pool| pool.used.load(Ordering::SeqCst);
        (used(&memory.0.small), used(&memory.0.large))
    }

    #[tokio::test]
    async fn what_does_not_fit_waits_until_others_are_done() {
        let memory = BodyMemory::new(MIB, Duration::from_mins(1));
        let mut first = memory.reserve();
        first.grow_to(MIB).await.unwrap();
        let mut second = memory.reserve();
        assert_eq!(second.grow_now(MIB / 2), Err(Error::Busy));
        let (grown, ()) = tokio::join!(second.grow_to(MIB / 2), async {
            tokio::task::yield_now().await;
            first.shrink_to(MIB / 2);
        });
        grown.unwrap();
        drop((first, second));
        assert_eq!(used(&memory), (0, 0));
    }

    #[tokio::test]
    async fn waiting_in_vain_ends() {
        let memory = BodyMemory::new(MIB, Duration::from_millis(1));
        let mut first = memory.reserve();
        first.grow_to(MIB - 2 * STEP_BYTES).await.unwrap();
        let mut second = memory.reserve();
        assert_eq!(second.grow_to(2 * STEP_BYTES + 1).await, Err(Error::Busy));
        assert_eq!(second.grow_to(MIB + 1).await, Err(Error::TooLarge));
        second.grow_to(2 * STEP_BYTES).await.unwrap();
    }

    #[tokio::test]
    async fn a_body_can_have_all_of_it() {
        let memory = BodyMemory::new(MIB + 7, Duration::from_millis(1));
        memory.reserve().grow_to(MIB + 7).await.unwrap();
        assert_eq!(used(&memory), (0, 0));
    }

    #[test]
    fn small_bodies_find_room_whatever_large_ones_take() {
        let memory = BodyMemory::new(MIB, Duration::ZERO);
        let mut large = memory.reserve();
        large.grow_now(MIB).unwrap();
        let mut small: Vec<_> = (0..SMALL_POOL_BYTES / MAX_SMALL_BYTES)
            .map(|_| {
                let mut small = memory.reserve();
                small.grow_now(1).unwrap();
                small.grow_now(MAX_SMALL_BYTES).unwrap();
                small
            })
            .collect();
        assert_eq!(used(&memory), (SMALL_POOL_BYTES, MIB));
        assert_eq!(memory.reserve().grow_now(1), Err(Error::Busy));
        let mut growing = small.pop().unwrap();
        assert_eq!(growing.grow_now(MAX_SMALL_BYTES + 1), Err(Error::Busy));
        drop(large);
        growing.grow_now(MAX_SMALL_BYTES + 1).unwrap();
        let moved = (SMALL_POOL_BYTES - MAX_SMALL_BYTES, 2 * STEP_BYTES);
        assert_eq!(used(&memory), moved);
        drop((small, growing));
        assert_eq!(used(&memory), (0, 0));
    }
}
