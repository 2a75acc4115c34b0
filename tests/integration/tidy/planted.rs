//! Planted violations: each rule must find its own, and leave the innocent alone.

use super::{Faults, Source, imports, text};

fn at(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

fn faults(path: &str, text: &str) -> Faults {
    let source = at(path, text);
    [text::faults(&source), imports::faults(&source)].concat()
}

fn finds(path: &str, text: &str, what: &str) {
    let faults = faults(path, text);
    assert!(faults.iter().any(|fault| fault.contains(what)), "{path}: {what} not in {faults:?}");
}

fn innocent(path: &str, text: &str) {
    assert_eq!(faults(path, text), Faults::new());
}

const HEADER: &str = "//! A noun and its invariants.\n";

/// A file with a header and one function of so many lines.
fn function_of(lines: usize) -> String {
    let body = "        step();\n".repeat(lines - 2);
    format!("{HEADER}impl Lane {{\n    pub async fn run(&self) {{\n{body}    }}\n}}\n")
}

#[test]
fn sizes() {
    finds("src/lane.rs", &format!("{HEADER}{}", "// x\n".repeat(500)), "501 lines, 500 allowed");
    finds("src/lane.rs", &function_of(71), "`run` has 71 lines, 70 allowed");
    innocent("src/lane.rs", &function_of(70));
    innocent("tests/integration/story.rs", &function_of(80));
    let wide = format!("{HEADER}// {}\n", "é".repeat(97));
    innocent("src/lane.rs", &wide);
    finds("src/lane.rs", &wide.replace("// ", "//  "), "src/lane.rs:2: 101 columns");
    finds("tests/integration/story.rs", &wide.replace("// ", "//  "), "101 columns");
}

#[test]
fn the_output_a_test_expects_may_be_wide() {
    let table = format!("    let expected = \"{}\\n\\\n", "COLUMN ".repeat(20));
    finds("src/table.rs", &format!("{HEADER}{table}"), "columns");
    innocent("src/table.rs", &format!("{HEADER}#[cfg(test)]\n{table}"));
    innocent("tests/integration/story.rs", &table);
}

#[test]
fn a_function_ends_where_it_ends() {
    let trait_then_long = format!(
        "{HEADER}trait Clock {{\n    fn now(&self) -> u64;\n}}\n{}",
        "const X: u8 = 1;\n".repeat(90)
    );
    innocent("src/clock.rs", &trait_then_long);
    let short_then_long = format!("{HEADER}fn one() {{ 1 }}\n{}", "const Y: u8 = 1;\n".repeat(90));
    innocent("src/one.rs", &short_then_long);
}

#[test]
fn headers() {
    finds("src/lane.rs", "use std::sync::Arc;\n", "no `//!` header");
    finds("src/lane.rs", "", "no `//!` header");
    innocent("src/lane.rs", "#![cfg(unix)]\n//! A noun.\n");
}

#[test]
fn words_and_names() {
    for word in ["TO DO", "FIX ME", "X XX"] {
        let word = word.replace(' ', "");
        finds("src/lane.rs", &format!("{HEADER}// {word}: later\n"), "not finished");
    }
    for call in ["to do!()", "unimple mented!()", "d bg!(x)"] {
        let call = call.replace(' ', "");
        finds("broker/src/lane.rs", &format!("{HEADER}fn f() {{ {call} }}\n"), "not finished");
    }
    innocent("src/lane.rs", &format!("{HEADER}const TODOS: u8 = 1;\n"));
    finds("src/lane.rs", &format!("{HEADER}const AT: &str = \"/ro{}\";\n", "ot/x"), "one machine");
    for path in ["src/utils.rs", "crates/wire/src/common.rs", "src/helpers/mod.rs"] {
        finds(path, HEADER, "names nothing");
    }
}

#[test]
fn imports_between_crates() {
    let using = |what: &str| format!("{HEADER}use {what};\n");
    finds("crates/wire/src/frame.rs", &using("strait_io::net"), "nothing of ours");
    finds("crates/io/src/net.rs", &using("strait_wire::Bytes"), "nothing of ours");
    finds("crates/client/src/line.rs", &using("strait_broker::Broker"), "protocol and the seam");
    finds("broker/src/api/fetch.rs", &using("strait_client::Cluster"), "only a follower");
    innocent("broker/src/replica/fetcher.rs", &using("strait_client::Cluster"));
    finds("src/sink/mod.rs", &using("strait_broker::Broker"), "any Kafka");
    innocent("src/dev/mod.rs", &using("strait_broker::Broker"));
    innocent("src/sink/mod.rs", &format!("{HEADER}// strait_broker answers this\n"));
}

#[test]
fn imports_inside_a_crate() {
    let using = |what: &str| format!("{HEADER}use {what};\n");
    finds("broker/src/log/mod.rs", &using("strait_wire::messages::fetch"), "no request");
    finds("broker/src/api/fetch.rs", &using("tokio::net::TcpStream"), "no socket");
    finds("src/config/mod.rs", &using("crate::pipeline::Lane"), "settings come first");
    finds("src/topology.rs", &using("crate::pipeline::Lane"), "before anything runs");
    finds("src/pipeline/lane.rs", &using("crate::config::raw::File"), "never the file");
    finds("src/pipeline/lane.rs", &using("crate::http::Page"), "who looks at it");
    finds("src/http/page.rs", &using("crate::pipeline::Lane"), "snapshots");
    innocent("src/pipeline/lane.rs", &using("crate::config::PipelineSettings"));
}

#[test]
fn the_seam() {
    for use_of in [
        "std::time::Instant::now()",
        "SystemTime::now()",
        "std::fs::read(path)",
        "tokio::time::sleep(second)",
        "std::thread::sleep(second)",
        "TcpStream::connect(address)",
        "rand::random::<u8>()",
    ] {
        let text = format!("{HEADER}fn f() {{ {use_of}; }}\n");
        finds("src/lane.rs", &text, "come from strait_io");
        finds("crates/client/src/line.rs", &text, "come from strait_io");
        innocent("crates/io/src/time.rs", &text);
        let tested = text.replace("fn f()", "#[cfg(test)]\nmod tests { fn f()") + "}\n";
        innocent("src/lane.rs", &tested);
        innocent("tests/integration/story.rs", &text);
    }
}
