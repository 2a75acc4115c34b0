//! What this process costs, as the kernel counts it.

use std::fs;

/// Processor, memory and descriptors in use; a number is absent where the system has no `/proc`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Processor time of all threads since the start.
    pub cpu_seconds: f64,
    /// Memory held in RAM.
    pub resident_bytes: Option<u64>,
    /// Open files and sockets.
    pub open_fds: Option<u64>,
}

/// The usage now.
pub fn usage() -> Usage {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let fds = fs::read_dir("/proc/self/fd").map(|entries| entries.count() as u64);
    Usage { cpu_seconds: cpu_seconds(), resident_bytes: resident(&status), open_fds: fds.ok() }
}

fn cpu_seconds() -> f64 {
    use rustix::time::{ClockId, clock_gettime};
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9
}

/// `VmRSS:     8192 kB`, in bytes.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_costs_something() {
        let usage = usage();
        assert!(usage.cpu_seconds > 0.0);
        assert!(usage.resident_bytes.is_some_and(|bytes| bytes > 1024 * 1024), "{usage:?}");
        assert!(usage.open_fds.is_some_and(|fds| fds >= 3), "{usage:?}");
    }

    #[test]
    fn a_status_without_the_line_gives_nothing() {
        assert_eq!(resident("Name:\tstrait\nVmRSS:\t    8192 kB\n"), Some(8 << 20));
        assert_eq!(resident("Name:\tstrait\n"), None);
    }
}
