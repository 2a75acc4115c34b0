//! Where a figure was measured: it means nothing without that.

use std::process::Command;

/// Prints machine, system and versions.
pub fn describe() {
    let cpu = field("/proc/cpuinfo", "model name");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = field("/proc/meminfo", "MemTotal");
    println!("machine   {cores} x {cpu}, {memory}");
    println!("system    Linux {}", first_line(&read("/proc/sys/kernel/osrelease")));
    let (_, librdkafka) = rdkafka::util::get_rdkafka_version();
    println!("versions  strait {}, librdkafka {librdkafka}", env!("CARGO_PKG_VERSION"));
    println!("java      {}", java());
    println!("load      {}", load());
}

/// The load averages of the last 1, 5 and 15 minutes.
pub fn load() -> String {
    read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn java() -> String {
    let version = Command::new("java").arg("-version").output();
    version.map_or("none".to_owned(), |out| first_line(&String::from_utf8_lossy(&out.stderr)))
}

fn field(file: &str, name: &str) -> String {
    let text = read(file);
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_once(':').map_or(String::new(), |(_, value)| value.trim().to_owned())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn read(file: &str) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}
