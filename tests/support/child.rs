//! A program that runs beside a story: what it says is kept, and it dies with its owner.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::eventually;

/// The program under test.
pub fn strait() -> Command {
    Command::new(env!("CARGO_BIN_EXE_strait"))
}

/// A running program and what it said so far, on both outputs.
pub struct LoggedChild {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl LoggedChild {
    /// Starts it.
    pub fn spawn(command: &mut Command) -> Self {
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let said = Arc::new(Mutex::new(String::new()));
        listen(child.stdout.take().expect("it is piped"), &said);
        listen(child.stderr.take().expect("it is piped"), &said);
        Self { child, said }
    }

    /// What it said so far.
    pub fn log(&self) -> String {
        self.said.lock().expect("no listener panics").clone()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it with -9 and waits until it is gone.
    pub fn kill(&mut self) {
        // One that has ended already is as gone as one that is killed.
        let _ = self.child.kill();
        self.child.wait().expect("a child can be waited for");
    }

    /// Sends it a signal by name.
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("kill runs").success(), "SIG{name} to {id}");
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be waited for")
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self, patience: Duration) -> ExitStatus {
        let began = Instant::now();
        loop {
            match self.ended() {
                Some(status) => return status,
                None if began.elapsed() < patience => {}
                None => panic!("still running after {patience:?}:\n{}", self.log()),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until it has said all of these words in one line; the line.
    pub fn wait_for_line(&self, patience: Duration, words: &[&str]) -> String {
        eventually(patience, || {
            let log = self.log();
            let line = log.lines().find(|line| words.iter().all(|word| line.contains(word)));
            line.map(str::to_owned).ok_or_else(|| format!("no line with {words:?} in\n{log}"))
        })
    }
}

impl Drop for LoggedChild {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- process {} said\n{}---", self.id(), self.log());
        }
    }
}

fn listen(from: impl Read + Send + 'static, said: &Arc<Mutex<String>>) {
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        let mut lines = BufReader::new(from);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
            *said.lock().expect("no listener panics") += &String::from_utf8_lossy(&line);
            line.clear();
        }
    });
}
