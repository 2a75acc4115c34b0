use super::*;

fn repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn smoke() {
    for p in ["configs/minimal.yaml", "configs/fan-in.yaml", "configs/two-way.yaml"] {
        let s = load(&repository(p)).unwrap_or_else(|e| panic!("{e}"));
        println!("{s:#?}");
    }
    let e = load(&repository("tests/golden/config/six-mistakes.yaml")).unwrap_err();
    println!("{e}");
}
