//! The Python clients, by the scripts in `tests/peers/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Peer;
use super::peer::installed;
use super::process::{Finished, PATIENCE, run};

/// An interpreter that has kafka-python and confluent-kafka.
pub struct Python {
    program: PathBuf,
}

impl Python {
    /// Finds the installed one, or a `python3` of the path that has both.
    pub fn locate() -> Peer<Self> {
        let candidates = [installed("python/bin/python"), PathBuf::from("python3")];
        let program = candidates.into_iter().find(|program| {
            let import = ["-c", "import kafka, confluent_kafka"];
            Command::new(program).args(import).output().is_ok_and(|o| o.status.success())
        });
        Peer::of(program.map(|program| Self { program }), "Python with kafka-python")
    }

    /// Runs `tests/peers/SCRIPT`.
    pub fn run(&self, script: &str, arguments: &[&str]) -> Finished {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
        let mut command = Command::new(&self.program);
        // No cache folder beside the scripts.
        command.arg("-B").arg(folder.join(script)).args(arguments);
        run(&mut command, "", 2 * PATIENCE)
    }
}
