//! kcat: the oldest librdkafka we promise to serve.

use crate::support::Kcat;

/// Everything kcat is asked to do.
pub fn stories(kcat: &Kcat, bootstrap: &str) {
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        what_it_produces_it_reads(kcat, bootstrap, codec);
    }
    lists_what_is_there(kcat, bootstrap);
    keys_headers_and_nulls(kcat, bootstrap);
    reads_from_a_time_and_from_the_tail(kcat, bootstrap);
    a_group_goes_on_where_it_stopped(kcat, bootstrap);
    an_unknown_topic_is_said_to_be_unknown(kcat, bootstrap);
}

fn what_it_produces_it_reads(kcat: &Kcat, bootstrap: &str, codec: &str) {
    let topic = format!("kcat-{codec}");
    let lines: Vec<String> =
        (0..2000).map(|n| format!("post {n} {}", "x".repeat(n % 90))).collect();
    let acks = if codec == "none" { "acks=1" } else { "acks=all" };
    kcat.produce(bootstrap, &topic, &lines.join("\n"), &["-z", codec, "-X", acks]);
    assert_eq!(kcat.consume(bootstrap, &topic, "%s"), lines, "{codec}");
    let idempotent = ["-X", "enable.idempotence=true"];
    kcat.produce(bootstrap, &topic, "one more", &idempotent);
    assert_eq!(kcat.consume(bootstrap, &topic, "%o").last().map(String::as_str), Some("2000"));
}

fn lists_what_is_there(kcat: &Kcat, bootstrap: &str) {
    let listed = kcat.run(bootstrap, &["-L"], "").expect_success();
    assert!(listed.contains(" 1 brokers:"), "{listed}");
    assert!(listed.contains(&format!("at {bootstrap} (controller)")), "{listed}");
    assert!(listed.contains("topic \"kcat-lz4\" with 1 partitions:"), "{listed}");
    let partition = listed.lines().find(|line| line.contains("partition 0, leader "));
    assert!(partition.is_some_and(|line| line.contains("replicas: ")), "{listed}");
}

fn keys_headers_and_nulls(kcat: &Kcat, bootstrap: &str) {
    let keyed = ["-K:", "-Z", "-H", "trace=t1", "-H", "bare"];
    kcat.produce(bootstrap, "kcat-keyed", "a:first\n:empty key\nb:", &keyed);
    let seen = kcat.consume(bootstrap, "kcat-keyed", "%K|%k|%S|%s|%h");
    let expected = [
        "1|a|5|first|trace=t1,bare=NULL",
        "-1||9|empty key|trace=t1,bare=NULL",
        "1|b|-1||trace=t1,bare=NULL",
    ];
    assert_eq!(seen, expected);
}

fn reads_from_a_time_and_from_the_tail(kcat: &Kcat, bootstrap: &str) {
    let read = |from: &str| {
        let arguments = ["-C", "-t", "kcat-none", "-o", from, "-e", "-q", "-f", "%o\n"];
        kcat.run(bootstrap, &arguments, "").expect_success().lines().count()
    };
    assert_eq!(read("-5"), 5);
    assert_eq!(read("s@1000000000000"), 2001);
    assert_eq!(read("1990"), 11);
    let asked = kcat.run(bootstrap, &["-Q", "-t", "kcat-none:0:1000000000000"], "");
    assert_eq!(asked.expect_success().trim(), "kcat-none [0] offset 0");
}

fn a_group_goes_on_where_it_stopped(kcat: &Kcat, bootstrap: &str) {
    let read = |count: &str| {
        let group = ["-G", "kcat-group", "-q", "-f", "%s\n", "-c", count, "-e"];
        let options = ["-X", "auto.offset.reset=earliest", "kcat-grouped"];
        kcat.run(bootstrap, &[&group[..], &options].concat(), "").expect_success()
    };
    kcat.produce(bootstrap, "kcat-grouped", "one\ntwo\nthree\nfour", &[]);
    assert_eq!(read("2"), "one\ntwo\n");
    assert_eq!(read("10"), "three\nfour\n");
}

fn an_unknown_topic_is_said_to_be_unknown(kcat: &Kcat, bootstrap: &str) {
    let arguments = ["-C", "-t", "kcat:bad name", "-e", "-o", "beginning"];
    let said = kcat.run(bootstrap, &arguments, "").expect_failure();
    assert!(said.contains("Invalid topic") || said.contains("nvalid"), "{said}");
}
