//! The worker's one budget of batch bytes in memory.
//!
//! `used <= limit` always: a fetch reserves what it may bring before it is sent and gives back
//! what did not come. The rest is held as long as any batch of the answer is, because all of
//! them are slices of one frame, whose memory goes with the last.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Permits count in units of this many bytes, so that a budget fits a semaphore.
const UNIT_BYTES: usize = 1024;

/// A budget shared by all lanes; clones are the same budget.
#[derive(Debug, Clone)]
pub struct Budget {
    units: Arc<Semaphore>,
    limit: usize,
}

/// Bytes taken from the budget; dropping gives them back.
#[derive(Debug)]
pub struct Reserved(OwnedSemaphorePermit);

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        let limit = limit.max(UNIT_BYTES);
        Self { units: Arc::new(Semaphore::new(limit / UNIT_BYTES)), limit }
    }

    /// The most that may be in memory.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// What is taken now.
    pub fn used(&self) -> usize {
        self.limit - self.units.available_permits() * UNIT_BYTES
    }

    /// Waits until `bytes` (at most the whole budget) are free, and takes them.
    pub async fn reserve(&self, bytes: usize) -> Reserved {
        let units = units(bytes.min(self.limit - UNIT_BYTES));
        let permit = Arc::clone(&self.units).acquire_many_owned(units).await;
        Reserved(permit.expect("the semaphore is never closed"))
    }
}

impl Reserved {
    /// Takes `bytes` out of this reservation, or all of it if it holds less.
    pub fn split(&mut self, bytes: usize) -> Reserved {
        let wanted = (units(bytes) as usize).min(self.0.num_permits());
        Reserved(self.0.split(wanted).expect("no more than it holds"))
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT_BYTES)).expect("a budget is below 4 TiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_dropped_is_free_again() {
        let budget = Budget::new(64 * 1024);
        let mut fetch = budget.reserve(40 * 1024).await;
        let batch = fetch.split(10 * 1024);
        drop(fetch);
        assert_eq!(budget.used(), 10 * 1024);
        drop(batch);
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test]
    async fn a_wish_above_the_budget_gets_the_budget() {
        let budget = Budget::new(64 * 1024);
        let all = budget.reserve(1 << 30).await;
        assert!(budget.used() <= budget.limit());
        drop(all);
    }
}
