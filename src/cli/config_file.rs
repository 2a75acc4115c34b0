//! What the commands that read a configuration share: their flags, and what they say when it is
//! wrong. People read problems on stderr, scripts read them on stdout.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{self, Problems, Settings};

/// Which configuration, and how to print.
#[derive(Clone, Debug, clap::Args)]
pub struct ConfigFileArgs {
    /// The configuration file.
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    pub config: PathBuf,
    /// Text for people, or JSON for scripts.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For scripts.
    Json,
}

impl ConfigFileArgs {
    /// Reads the file and prints what `answer` makes of it, or the problems; exit code 78 then.
    pub(super) fn answer(&self, answer: impl FnOnce(&Settings, Format) -> String) -> ExitCode {
        match config::load(&self.config) {
            Ok(settings) => {
                say(&answer(&settings, self.format));
                ExitCode::SUCCESS
            }
            Err(problems) => self.refuse(&problems),
        }
    }

    fn refuse(&self, problems: &Problems) -> ExitCode {
        match self.format {
            Format::Text => eprintln!("{problems}"),
            Format::Json => say(&pretty(&problems.to_json())),
        }
        ExitCode::from(Problems::EXIT_CODE)
    }
}

/// JSON as scripts and people can both read it.
pub(super) fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

/// Prints to stdout; a reader that has gone away (`| head`) is no error.
fn say(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command};

    #[test]
    fn the_flags_are_consistent() {
        crate::cli::check::CheckArgs::augment_args(Command::new("check")).debug_assert();
        crate::cli::explain::ExplainArgs::augment_args(Command::new("explain")).debug_assert();
    }
}
