//! Who may name whom: between crates, inside `src/` and `broker/`, and the seam for I/O.

use super::{Faults, Source};

/// In files under `inside`, except those under `except`, none of `words` may stand.
struct Rule {
    inside: &'static str,
    except: &'static [&'static str],
    words: &'static [&'static str],
    why: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        inside: "crates/wire/src/",
        except: &[],
        words: &["strait_", "tokio"],
        why: "the protocol imports nothing of ours and knows no runtime",
    },
    Rule {
        inside: "crates/io/src/",
        except: &[],
        words: &["strait_"],
        why: "the seam imports nothing of ours",
    },
    Rule {
        inside: "crates/client/src/",
        except: &[],
        words: &["strait_broker", "strait::"],
        why: "the client knows the protocol and the seam only",
    },
    Rule {
        inside: "broker/src/",
        except: &["broker/src/replica/"],
        words: &["strait_client", "strait::"],
        why: "only a follower fetches; the broker knows nothing of the mirror",
    },
    Rule {
        inside: "broker/src/log/",
        except: &[],
        words: &["wire::messages", "crate::api", "strait_io::net", "tokio::net"],
        why: "a log knows no request and no socket",
    },
    Rule {
        inside: "broker/src/api/",
        except: &[],
        words: &["strait_io::net", "tokio::net", "TcpStream"],
        why: "handlers know no socket",
    },
    Rule {
        inside: "src/",
        except: &["src/cli/", "src/dev/"],
        words: &["strait_broker"],
        why: "the mirror works with any Kafka: only the commands start our broker",
    },
    Rule {
        inside: "src/config/",
        except: &[],
        words: &["crate::pipeline", "crate::worker", "crate::http", "crate::cli"],
        why: "settings come first: config -> topology -> pipeline",
    },
    Rule {
        inside: "src/topology",
        except: &[],
        words: &["crate::config", "crate::pipeline", "crate::worker", "crate::http", "crate::cli"],
        why: "the graph of regions is known before anything runs",
    },
    Rule {
        inside: "src/pipeline/",
        except: &[],
        words: &["config::raw", "config::node", "config::load", "config::parse", "granit_parser"],
        why: "a pipeline sees resolved settings, never the file",
    },
    Rule {
        inside: "src/pipeline/",
        except: &[],
        words: &["crate::cli", "crate::http", "crate::dev"],
        why: "a pipeline does not know who looks at it",
    },
    Rule {
        inside: "src/http/",
        except: &[],
        words: &["crate::pipeline", "crate::source", "crate::sink", "strait_client"],
        why: "pages read snapshots and never touch a lane",
    },
];

/// What only the seam, `crates/io`, may touch in the product.
const SEAM: [&str; 14] = [
    "std::time::Instant",
    "time::Instant::now",
    "SystemTime",
    "std::fs::",
    "use std::fs",
    "std::fs;",
    "fs::File::open(",
    "OpenOptions",
    "tokio::fs",
    "tokio::time::",
    "thread::sleep",
    "TcpStream::connect",
    "TcpListener::bind",
    "rand::",
];

/// Every word that stands where it may not.
pub fn faults(source: &Source) -> Faults {
    if !source.is_product() {
        return Faults::new();
    }
    let rules = RULES.iter().filter(|rule| {
        source.path.starts_with(rule.inside)
            && !rule.except.iter().any(|except| source.path.starts_with(except))
    });
    let mut faults: Faults = rules.flat_map(|rule| found(source, rule.words, rule.why)).collect();
    if !source.path.starts_with("crates/io/") {
        faults.extend(found(source, &SEAM, "time, sockets, files and chance come from strait_io"));
    }
    faults
}

fn found(source: &Source, words: &[&str], why: &str) -> Faults {
    let hits = source.code().flat_map(|(line, code)| {
        let hits = words.iter().filter(move |word| code.contains(**word));
        hits.map(move |word| source.fault(line, format!("`{word}`: {why}")))
    });
    hits.collect()
}
