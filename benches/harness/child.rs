//! A process under measurement; it is killed with its owner.

use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::Meter;

/// How long a process may take to end by itself.
const FAREWELL: Duration = Duration::from_secs(15);

/// A running process and its meter.
pub struct Child {
    process: std::process::Child,
    /// Its meter.
    pub meter: Meter,
}

impl Child {
    /// Starts it; what it prints goes nowhere.
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let meter = Meter::of(process.id());
        Self { process, meter }
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.process.try_wait().expect("a child can be waited for").is_none()
    }

    /// Asks it to end (SIGTERM) and waits; `None` if it had to be killed.
    pub fn end(mut self) -> Option<ExitStatus> {
        let pid = self.process.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status();
        asked.expect("`kill` is everywhere");
        let since = Instant::now();
        while since.elapsed() < FAREWELL {
            if let Some(status) = self.process.try_wait().expect("a child can be waited for") {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It has ended already, or it ends now.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
