//! The samples load, the messages are as in `tests/golden/config/`, the reference is fresh, and
//! no text makes the loader panic. `STRAIT_REGENERATE=1` writes golden files anew.

use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

const SAMPLES: [&str; 3] = ["minimal.yaml", "fan-in.yaml", "two-way.yaml"];

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text_of(path: &str) -> String {
    strait_io::fs::read_to_string(&in_repository(path)).expect("the file is in the repository")
}

/// Compares `actual` with the file at `path`, or writes it there when asked to.
fn golden(path: &str, actual: &str) {
    if std::env::var_os("STRAIT_REGENERATE").is_some() {
        let bytes = actual.as_bytes();
        strait_io::fs::write_atomic(&in_repository(path), bytes).expect("the tree is writable");
    }
    let is = strait_io::fs::read_to_string(&in_repository(path)).unwrap_or_default();
    assert!(is == actual, "{path} is stale; STRAIT_REGENERATE=1 writes it anew. Now:\n{actual}");
}

fn parse_without_variables(text: &str) -> Result<Settings, Problems> {
    parse_in("mirror.yaml", text, &|_| None)
}

#[test]
fn every_sample_loads() {
    let listed = strait_io::fs::list(&in_repository("configs")).expect("the folder is there");
    let files = listed.iter().filter(|path| path.extension().is_some_and(|e| e == "yaml"));
    let names: Vec<_> = files.filter_map(|path| path.file_name()).collect();
    for sample in SAMPLES {
        assert!(names.iter().any(|name| *name == sample), "{sample} is gone");
        load(&in_repository(&format!("configs/{sample}"))).unwrap_or_else(|p| panic!("{p}"));
    }
}

#[test]
fn a_sample_resolves_to_what_it_says() {
    let settings = parse_without_variables(&text_of("configs/fan-in.yaml")).expect("it is fine");
    let [us, sg] = settings.pipelines.as_slice() else { panic!("two pipelines") };
    let codec = strait_wire::Compression::Zstd;
    assert_eq!(us.compression, WanCompression::Recode { codec, level: None });
    assert_eq!((us.from.name.as_str(), us.to.name.as_str()), ("us", "ad"));
    assert!(us.selector.selects("osint-a") && !us.selector.selects("osint-tmp"));
    assert!(sg.selector.selects("osint-tmp"));
    assert_eq!(settings.http.expect("http is there").listen.port(), 8080);
}

#[test]
fn defaults_are_what_the_table_says() {
    let bare = text_of("configs/minimal.yaml");
    let spelled = "
defaults: { naming: '{topic}', compression: pass, delivery: auto, start: earliest, \
discovery_interval: 2s, rpo: 30s }
worker: { memory: 64MiB, drain: 10s, checkpoint_interval: 1s }
";
    for line in reference().lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.split(" | ").collect();
        let (key, default) = (cells[0].trim_matches(['|', ' ', '`']), cells[2].trim_matches('`'));
        let is_value = !default.is_empty() && default != "required" && key != "client_id";
        assert!(!is_value || spelled.contains(default), "{key} defaults to {default}");
    }
    let explicit = parse_without_variables(&format!("{bare}{spelled}")).expect("it is fine");
    let implicit = parse_without_variables(&bare).expect("it is fine");
    assert_eq!(format!("{explicit:?}"), format!("{implicit:?}"));
    assert_eq!(implicit.worker.drain, Duration::from_secs(10));
    assert_eq!(implicit.regions[0].client_id, "strait");
}

#[test]
fn messages_are_as_agreed() {
    let folder = in_repository("tests/golden/config");
    let files = strait_io::fs::list(&folder).expect("the folder is there");
    let is_case = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "yaml");
    for path in files.iter().filter(is_case) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a readable name");
        let text = strait_io::fs::read_to_string(path).expect("the file is there");
        let Err(problems) = parse_in(name, &text, &|_| None) else { panic!("{name} is fine") };
        golden(
            &format!("tests/golden/config/{}", name.replace(".yaml", ".txt")),
            &format!("{problems}\n"),
        );
    }
}

#[test]
fn six_mistakes_are_six_problems() {
    let text = text_of("tests/golden/config/six-mistakes.yaml");
    let problems = parse_without_variables(&text).expect_err("there are six");
    assert_eq!(problems.list().len(), 6);
    assert!(problems.list().iter().all(|problem| problem.at.start.line > 0));
    let json = problems.to_json();
    assert_eq!(json["problems"][2]["hint"], "did you mean `eu-west`?");
    assert_eq!(json["problems"][2]["line"], 9);
}

#[test]
fn anchors_merges_and_variables_work() {
    let text = "
version: 1
regions:
  us: &here { bootstrap: ['${HOST}:9092'], client_id: '$${x}' }
  ad: { <<: *here, client_id: ad }
pipelines: [{ name: a, from: us, to: ad, whitelist: 'a{1,2},b | c' }]
";
    let host = |name: &str| (name == "HOST").then(|| "kafka\", evil: [".to_owned());
    assert!(parse_in("x", text, &host).is_err(), "a variable stays one value");
    let settings = parse_in("x", text, &|_| Some("kafka".into())).expect("it is fine");
    assert_eq!(settings.regions[1].bootstrap, ["kafka:9092"]);
    assert_eq!(settings.regions[0].client_id, "${x}");
    assert_eq!(settings.regions[1].client_id, "ad");
    let patterns = settings.pipelines[0].selector.include();
    assert_eq!(patterns.iter().map(|p| p.as_str()).collect::<Vec<_>>(), ["a{1,2}", "b|c"]);
}

#[test]
fn a_missing_file_is_a_problem_too() {
    let problems = load(Path::new("no/such/file.yaml")).expect_err("it is not there");
    assert!(problems.to_string().starts_with("error: cannot read the file: "));
}

#[test]
fn an_alias_bomb_is_stopped() {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let (new, old) = (char::from(b'a' + level), char::from(b'a' + level - 1));
        text += &format!("{new}: &{new} [{}]\n", vec![format!("*{old}"); 10].join(", "));
    }
    let problems = parse_without_variables(&text).expect_err("it is too large");
    assert!(problems.to_string().contains("50,000"), "{problems}");
}

#[test]
fn the_reference_and_the_schema_are_fresh() {
    golden("configs/REFERENCE.md", &reference());
    golden("configs/schema.json", &format!("{:#}\n", schema()));
}

/// A sample with one piece of it cut out and another text put there.
fn mangled() -> impl Strategy<Value = String> {
    let texts: Vec<String> = SAMPLES.iter().map(|s| text_of(&format!("configs/{s}"))).collect();
    let spice = "[ \\n\\t:{}\\[\\]&*!|>'\"%@`#,?$<-]{0,6}|\\PC{0,4}|<<: \\*a|&a |- - - |\\u{0}|\
                 \\u{feff}|\r";
    let cut = (any::<prop::sample::Index>(), 0..40_usize, spice);
    (prop::sample::select(texts), prop::collection::vec(cut, 1..4)).prop_map(|(text, cuts)| {
        let mut characters: Vec<char> = text.chars().collect();
        for (at, length, new) in cuts {
            let start = at.index(characters.len() + 1);
            let end = (start + length).min(characters.len());
            characters.splice(start..end, new.chars());
        }
        characters.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn no_mangled_sample_panics_the_loader(text in mangled()) {
        if let Err(problems) = parse_without_variables(&text) {
            prop_assert!(!problems.list().is_empty());
            prop_assert!(problems.to_string().contains("problem"));
            problems.to_json();
        }
    }

    #[test]
    fn no_text_panics_the_loader(text in "\\PC{0,200}|[ -~\\n]{0,200}") {
        if let Err(problems) = parse_without_variables(&text) {
            prop_assert!(!problems.to_string().is_empty());
        }
    }
}
