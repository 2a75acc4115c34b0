//! A process's CPU seconds and memory, as the kernel counts them.

use std::time::Duration;

/// Ticks of `/proc/PID/stat` in a second: fixed by Linux's interface.
const TICKS: f64 = 100.0;
const USER: usize = 11;
const SYSTEM: usize = 12;
const STARTED: usize = 19;

/// Reads one process.
#[derive(Debug, Clone, Copy)]
pub struct Meter {
    pid: u32,
}

impl Meter {
    /// The meter of a process.
    pub fn of(pid: u32) -> Self {
        Self { pid }
    }

    /// User and system seconds of all its threads so far.
    pub fn cpu_seconds(self) -> f64 {
        let stat = self.stat();
        (stat(USER) + stat(SYSTEM)) / TICKS
    }

    /// How long ago it was started, to 10 ms.
    pub fn age(self) -> Duration {
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
        let now: f64 = uptime.split(' ').next().and_then(|s| s.parse().ok()).unwrap_or(0.0);
        Duration::from_secs_f64((now - self.stat()(STARTED) / TICKS).max(0.0))
    }

    /// The fields of `/proc/PID/stat` behind the name.
    fn stat(self) -> impl Fn(usize) -> f64 {
        let stat = self.read("stat");
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields: Vec<f64> =
            after_name.split_whitespace().map(|word| word.parse().unwrap_or(0.0)).collect();
        move |at| fields.get(at).copied().unwrap_or(0.0)
    }

    /// Resident memory now, in MB (10^6 bytes).
    pub fn rss_mb(self) -> f64 {
        self.status("VmRSS:")
    }

    /// The most it ever was.
    pub fn peak_rss_mb(self) -> f64 {
        self.status("VmHWM:")
    }

    fn status(self, name: &str) -> f64 {
        let status = self.read("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kib.unwrap_or(0.0) * 1024.0 / 1e6
    }

    fn read(self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.pid)).unwrap_or_default()
    }
}
