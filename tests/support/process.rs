//! Runs a foreign program to its end, with input, within a deadline.

use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The deadline of a tool whose caller has no other wish: a JVM may start slowly beside others.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a program left behind.
#[derive(Debug)]
pub struct Finished {
    /// How it ended; `None` if it was still running at its deadline and was killed.
    pub status: Option<ExitStatus>,
    pub stdout: String,
    pub stderr: String,
    command: String,
}

impl Finished {
    /// What it printed, if it ended well; else a panic with all it said.
    #[track_caller]
    pub fn expect_success(self) -> String {
        assert!(self.status.is_some_and(|status| status.success()), "{self}");
        self.stdout
    }

    /// What it printed to both, if it ended badly; else a panic.
    #[track_caller]
    pub fn expect_failure(self) -> String {
        assert!(self.status.is_some_and(|status| !status.success()), "{self}");
        self.stdout + &self.stderr
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let end = self.status.map_or("killed at its deadline".to_owned(), |s| s.to_string());
        let Finished { command, stdout, stderr, .. } = self;
        write!(f, "{command}: {end}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// Runs `command` with `input` on its standard input.
pub fn run(command: &mut Command, input: &str, patience: Duration) -> Finished {
    let described = format!("{command:?}");
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap_or_else(|error| panic!("{described}: {error}"));
    let mut stdin = child.stdin.take().expect("it is piped");
    let stdout = child.stdout.take().expect("it is piped");
    let stderr = child.stderr.take().expect("it is piped");
    std::thread::scope(|scope| {
        // A program that ends early closes its input: that shows in its status.
        scope.spawn(move || drop(stdin.write_all(input.as_bytes())));
        let stdout = scope.spawn(move || read_all(stdout));
        let stderr = scope.spawn(move || read_all(stderr));
        let status = wait(&mut child, patience);
        Finished {
            status,
            stdout: stdout.join().expect("reading does not panic"),
            stderr: stderr.join().expect("reading does not panic"),
            command: described,
        }
    })
}

/// A program that runs beside the story and dies with it.
pub struct Background {
    child: Child,
}

impl Background {
    /// Starts `command`, its output unread.
    pub fn start(command: &mut Command) -> Self {
        let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { child: silent.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")) }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_all(mut from: impl Read) -> String {
    let mut all = Vec::new();
    from.read_to_end(&mut all).expect("a pipe reads to its end");
    String::from_utf8_lossy(&all).into_owned()
}

fn wait(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let started = Instant::now();
    while started.elapsed() < patience {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("a child can be killed");
    child.wait().expect("a child can be waited for");
    None
}
