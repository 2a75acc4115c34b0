//! The harness itself: a stranger talks to a stranger, and both are what they seem.

use crate::peers;
use crate::support::{Kcat, RealKafka};

#[test]
fn kcat_and_a_real_kafka() {
    peers!(kcat: Kcat, java: RealKafka);
    let kafka = RealKafka::start_with_heap(&java, 512, &[]);
    let lines: Vec<String> = (0..1000).map(|n| format!("post {n}")).collect();
    kcat.produce(&kafka.bootstrap(), "posts", &lines.join("\n"), &[]);
    assert_eq!(kcat.consume(&kafka.bootstrap(), "posts", "%s"), lines);
    assert!(kafka.data_folder().join("posts-0/00000000000000000000.log").exists());
}
