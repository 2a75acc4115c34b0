//! Time as groups see it, and the queue of groups that want to be woken.
//!
//! A group has at most one entry, at or before its earliest deadline. A heartbeat only moves a
//! deadline back, so it leaves the queue alone: the group is woken early, finds nothing due and
//! is armed again.

use std::collections::{BTreeSet, HashMap};

/// A point in time on both clocks: the monotonic one decides, the wall clock is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since the coordinator started.
    pub ticks_ms: u64,
    /// Milliseconds since 1970.
    pub wall_ms: i64,
}

impl Moment {
    /// The tick `millis` from here; the past counts as now.
    pub fn after(self, millis: i32) -> u64 {
        self.ticks_ms + u64::try_from(millis).unwrap_or(0)
    }
}

/// Which group to wake when.
#[derive(Debug, Default)]
pub struct Timers {
    queue: BTreeSet<(u64, String)>,
    armed: HashMap<String, u64>,
}

impl Timers {
    /// Asks for `group` to be woken at `deadline`; whether that is now the first of all.
    pub fn arm(&mut self, group: &str, deadline: u64) -> bool {
        if self.armed.get(group).is_some_and(|at| *at <= deadline) {
            return false;
        }
        if let Some(later) = self.armed.insert(group.to_owned(), deadline) {
            self.queue.remove(&(later, group.to_owned()));
        }
        self.queue.insert((deadline, group.to_owned()));
        self.next() == Some(deadline)
    }

    /// Forgets a group that is gone.
    pub fn disarm(&mut self, group: &str) {
        if let Some(at) = self.armed.remove(group) {
            self.queue.remove(&(at, group.to_owned()));
        }
    }

    /// When the first group wants to be woken.
    pub fn next(&self) -> Option<u64> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// Takes out a group whose time has come.
    pub fn due(&mut self, now: Moment) -> Option<String> {
        if self.next()? > now.ticks_ms {
            return None;
        }
        let (_, group) = self.queue.pop_first()?;
        self.armed.remove(&group);
        Some(group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_earlier_deadline_moves_a_group() {
        let at = |ticks_ms| Moment { ticks_ms, wall_ms: 0 };
        let mut timers = Timers::default();
        assert!(timers.arm("a", 20));
        assert!(!timers.arm("a", 30));
        assert!(timers.arm("b", 10));
        assert_eq!(timers.due(at(9)), None);
        assert_eq!(timers.due(at(20)).as_deref(), Some("b"));
        assert!(timers.arm("a", 5));
        assert_eq!(timers.due(at(20)).as_deref(), Some("a"));
        assert_eq!(timers.due(at(99)), None);
    }
}
