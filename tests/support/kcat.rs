//! kcat: librdkafka from the command line (Debian ships 1.7.1 with librdkafka 2.0.2).

use std::process::Command;

use super::Peer;
use super::process::{Background, Finished, PATIENCE, run};

/// The program, found on the path.
pub struct Kcat {
    program: &'static str,
}

impl Kcat {
    /// Finds `kcat`, or `kafkacat` as it was called.
    pub fn locate() -> Peer<Self> {
        let answers = |program: &&str| {
            Command::new(program).arg("-V").output().is_ok_and(|o| o.status.success())
        };
        let program = ["kcat", "kafkacat"].into_iter().find(answers);
        Peer::of(program.map(|program| Self { program }), "kcat")
    }

    /// Runs it with these arguments.
    pub fn run(&self, bootstrap: &str, arguments: &[&str], input: &str) -> Finished {
        run(&mut self.command(bootstrap, arguments), input, PATIENCE)
    }

    /// Starts it with these arguments, to run until dropped.
    pub fn start(&self, bootstrap: &str, arguments: &[&str]) -> Background {
        Background::start(&mut self.command(bootstrap, arguments))
    }

    fn command(&self, bootstrap: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command.args(["-b", bootstrap, "-X", "socket.timeout.ms=10000"]).args(arguments);
        command
    }

    /// Produces one record a line.
    pub fn produce(&self, bootstrap: &str, topic: &str, lines: &str, options: &[&str]) {
        let arguments = [&["-P", "-t", topic], options].concat();
        self.run(bootstrap, &arguments, lines).expect_success();
    }

    /// Reads the whole topic, one record a line in `format` (kcat's `-f`, `\n` added).
    pub fn consume(&self, bootstrap: &str, topic: &str, format: &str) -> Vec<String> {
        let format = format!("{format}\\n");
        let arguments = ["-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", &format];
        let printed = self.run(bootstrap, &arguments, "").expect_success();
        printed.lines().map(str::to_owned).collect()
    }
}
