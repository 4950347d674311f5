//! How much memory request bodies take together.
//!
//! One envelope may have 200 MiB; a few dozen compressed ones could ask for more than the machine has.
//! Every body is charged with the bytes it occupies, compressed or not, until the journal has it. What
//! does not fit waits for others to finish; what has waited long enough is refused with 429.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metrics::gauge;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::Error;

/// Charges are rounded up to this, so that a body in many pieces is not counted piece by piece.
const STEP_BYTES: usize = 64 * 1024;

/// What all bodies may take together.
#[derive(Clone, Debug)]
pub(super) struct BodyMemory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    most: usize,
    used: AtomicUsize,
    freed: Notify,
    patience: Duration,
}

/// What one body takes; given back when dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    memory: BodyMemory,
    bytes: usize,
}

impl BodyMemory {
    /// Room for `most` bytes, for which a body waits as long as `patience`.
    pub(super) fn new(most: usize, patience: Duration) -> Self {
        let used = AtomicUsize::new(0);
        Self(Arc::new(Shared { most, used, freed: Notify::new(), patience }))
    }

    /// Begins an account.
    pub(super) fn reserve(&self) -> Reservation {
        Reservation { memory: self.clone(), bytes: 0 }
    }

    fn try_take(&self, bytes: usize) -> bool {
        let fits = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.0.most);
        let is_taken = self.0.used.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fits).is_ok();
        if is_taken {
            gauge!("picket_ingest_body_memory_bytes").increment(as_f64(bytes));
        }
        is_taken
    }

    fn give_back(&self, bytes: usize) {
        if bytes > 0 {
            self.0.used.fetch_sub(bytes, Ordering::SeqCst);
            gauge!("picket_ingest_body_memory_bytes").decrement(as_f64(bytes));
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
        if self.try_grow_to(bytes) {
            return Ok(());
        }
        if bytes > self.memory.0.most {
            return Err(Error::TooLarge);
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

    /// Charges for `bytes` in all if there is room now.
    pub(super) fn try_grow_to(&mut self, bytes: usize) -> bool {
        if bytes <= self.bytes {
            return true;
        }
        let rounded = bytes.next_multiple_of(STEP_BYTES).min(self.memory.0.most.max(bytes));
        let more = rounded - self.bytes;
        let is_taken = self.memory.try_take(more);
        if is_taken {
            self.bytes = rounded;
        }
        is_taken
    }

    /// Gives back all but `bytes`.
    pub(super) fn shrink_to(&mut self, bytes: usize) {
        let rounded = bytes.next_multiple_of(STEP_BYTES);
        if rounded < self.bytes {
            self.memory.give_back(self.bytes - rounded);
            self.bytes = rounded;
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.memory.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[tokio::test]
    async fn what_does_not_fit_waits_until_others_are_done() {
        let memory = BodyMemory::new(MIB, Duration::from_mins(1));
        let mut first = memory.reserve();
        first.grow_to(MIB).await.unwrap();
        let mut second = memory.reserve();
        assert!(!second.try_grow_to(1));
        let (grown, ()) = tokio::join!(second.grow_to(MIB / 2), async {
            tokio::task::yield_now().await;
            first.shrink_to(MIB / 2);
        });
        grown.unwrap();
        drop((first, second));
        assert_eq!(memory.0.used.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn waiting_in_vain_ends() {
        let memory = BodyMemory::new(MIB, Duration::from_millis(1));
        let mut first = memory.reserve();
        first.grow_to(MIB - STEP_BYTES).await.unwrap();
        let mut second = memory.reserve();
        assert_eq!(second.grow_to(STEP_BYTES + 1).await, Err(Error::Busy));
        assert_eq!(second.grow_to(MIB + 1).await, Err(Error::TooLarge));
        second.grow_to(STEP_BYTES).await.unwrap();
    }

    #[tokio::test]
    async fn a_body_can_have_all_of_it() {
        let memory = BodyMemory::new(MIB + 7, Duration::from_millis(1));
        memory.reserve().grow_to(MIB + 7).await.unwrap();
        assert_eq!(memory.0.used.load(Ordering::SeqCst), 0);
    }
}
