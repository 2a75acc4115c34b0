//! `strait dev`, the story of three regions, with kills between.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::peers;
use crate::support::child::{LoggedChild, strait};
use crate::support::real_kafka::free_address;
use crate::support::{Kcat, eventually, librdkafka};

const TOPIC: &str = "osint-tumblr";
const PATIENCE: Duration = Duration::from_secs(60);

/// us, sg, ad and the page, at the same places in every life.
struct Addresses([String; 4]);

impl Addresses {
    fn dev(&self, data: &Path, options: &[&str]) -> Command {
        let mut dev = strait();
        dev.arg("dev").arg("--data").arg(data);
        for (flag, address) in ["--us", "--sg", "--ad", "--http"].iter().zip(&self.0) {
            dev.args([flag, address.as_str()]);
        }
        dev.args(options);
        dev
    }
}

#[test]
fn three_kills_of_strait_dev_lose_and_duplicate_nothing() {
    peers!(kcat: Kcat);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = Addresses([0; 4].map(|_| free_address().to_string()));
    let mut before = 0;
    for life in ["first", "second", "third"] {
        let mut dev = LoggedChild::spawn(&mut at.dev(folder.path(), &["--rate", "700"]));
        let there = eventually(PATIENCE, || {
            let there = total(&at.0[2]).map_err(|e| format!("{life} life: {e}\n{}", dev.log()))?;
            if there > before + 1000 { Ok(there) } else { Err(format!("{there}\n{}", dev.log())) }
        });
        dev.kill();
        before = there;
    }
    let mut dev = LoggedChild::spawn(&mut at.dev(folder.path(), &["--rate", "700", "--for", "3s"]));
    let ended = dev.wait(PATIENCE);
    assert!(ended.success(), "{ended}\n{}", dev.log());
    let quiet = LoggedChild::spawn(&mut at.dev(folder.path(), &["--rate", "0"]));
    eventually(PATIENCE, || total(&at.0[2]).map_err(|e| format!("{e}\n{}", quiet.log())));
    let [us, sg, ad] = [0, 1, 2].map(|region| read(&kcat, &at.0[region]));
    let count = |posts: &HashMap<i32, Vec<String>>| posts.values().map(Vec::len).sum::<usize>();
    assert!(count(&us) > 2000 && count(&sg) > 2000, "{} and {}", count(&us), count(&sg));
    assert_eq!(count(&ad), count(&us) + count(&sg));
    for (region, posts) in [("us", &us), ("sg", &sg)] {
        for (partition, posts) in posts {
            let word = format!("\"region\":\"{region}\"");
            let arrived: Vec<_> = ad[partition].iter().filter(|p| p.contains(&word)).collect();
            assert!(arrived.into_iter().eq(posts), "{region}-{partition}: as it was, in its order");
        }
    }
    eprintln!("dev: {} posts in us, {} in sg, {} in ad", count(&us), count(&sg), count(&ad));
}

/// Posts in a region, if it answers.
fn total(bootstrap: &str) -> Result<i64, String> {
    std::net::TcpStream::connect(bootstrap).map_err(|e| e.to_string())?;
    match librdkafka::partitions(bootstrap, TOPIC) {
        0 => Err(format!("no {TOPIC} at {bootstrap}")),
        _ => Ok(librdkafka::ends(bootstrap, TOPIC).into_iter().sum()),
    }
}

/// A region's posts by partition, in order.
fn read(kcat: &Kcat, bootstrap: &str) -> HashMap<i32, Vec<String>> {
    let mut posts: HashMap<i32, Vec<String>> = HashMap::new();
    for line in kcat.consume(bootstrap, TOPIC, "%p %s") {
        let (partition, post) = line.split_once(' ').expect("a partition and a post");
        let partition = partition.parse().expect("a number");
        posts.entry(partition).or_default().push(post.to_owned());
    }
    posts
}
