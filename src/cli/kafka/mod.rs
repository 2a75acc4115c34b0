//! Kafka's own commands, with Kafka's own flags and output, against any Kafka.
//!
//! Data goes to standard output in the columns of the 4.1 tools, everything else to standard
//! error. Each command is a `run` that takes the arguments after the command's name and returns
//! an exit code: 0 fine, 1 failed, 2 usage, 69 no broker reachable.
//!
//! Reading order: [`brokers`] (where to ask), [`failure`] (how it ends), then the commands.

pub mod brokers;
pub mod console_consumer;
pub mod console_producer;
pub mod consumer_groups;
mod consumer_protocol;
pub mod failure;
mod group_tables;
mod instants;
mod librdkafka;
mod line_reader;
mod message_format;
mod properties;
mod reset_offsets;
mod table;
mod topic_lines;
pub mod topics;
mod topics_to_read;

use std::io::Write;

use clap::CommandFactory;

/// The commands' own descriptions, for the reference.
pub fn commands() -> [clap::Command; 4] {
    [
        topics::Args::command(),
        console_producer::Args::command(),
        console_consumer::Args::command(),
        consumer_groups::Args::command(),
    ]
}

/// Writes text to standard output. A reader that has gone away (`| head`) is no failure.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
