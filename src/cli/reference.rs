//! `docs/CLI.md`, made of the commands' own help.

use clap::{Command, CommandFactory};

use super::{Cli, kafka};

const HEAD: &str = "# Command line

Made of the commands' own help; a test fails when this page is stale, and
`STRAIT_REGENERATE=1 cargo test -p strait cli` writes it anew.

Data goes to standard output, everything else to standard error. Exit codes: 0 fine, 1 failed,
2 usage, 69 unreachable, 78 configuration.
";

/// The whole page.
pub fn reference() -> String {
    let own = Cli::command();
    let own = own.get_subcommands().filter(|c| !c.get_name().starts_with("kafka-")).cloned();
    let pages = own.chain(kafka::commands()).map(page);
    HEAD.to_owned() + &pages.collect::<String>()
}

fn page(command: Command) -> String {
    let name = command.get_name().to_owned();
    let mut command = command.bin_name(format!("strait {name}")).term_width(96);
    let help = command.render_long_help().to_string();
    let lines: Vec<_> = help.lines().map(str::trim_end).collect();
    format!("\n## strait {name}\n\n```text\n{}\n```\n", lines.join("\n").trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_reference_is_fresh() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/CLI.md");
        let now = reference();
        if std::env::var_os("STRAIT_REGENERATE").is_some() {
            strait_io::fs::write_atomic(&path, now.as_bytes()).expect("the tree is writable");
        }
        let is = strait_io::fs::read_to_string(&path).unwrap_or_default();
        assert!(is == now, "docs/CLI.md is stale; STRAIT_REGENERATE=1 writes it anew. Now:\n{now}");
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        kafka::commands().into_iter().for_each(Command::debug_assert);
    }
}
