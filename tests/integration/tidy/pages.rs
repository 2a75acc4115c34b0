//! Pages that speak of files speak of files there are.

use std::path::Path;

/// Paths between backticks: a slash in it, and only what paths are made of.
fn paths(page: &str) -> impl Iterator<Item = &str> {
    let is_path = |text: &&str| {
        text.contains('/')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
            && !text.starts_with('/')
    };
    page.split('`').skip(1).step_by(2).filter(is_path)
}

fn missing(page: &str, exists: impl Fn(&str) -> bool) -> Vec<&str> {
    paths(page).filter(|path| !exists(path)).collect()
}

#[test]
fn a_planted_path_is_found_missing() {
    let page = "from `src/here.rs` to `src/gone.rs`, not `a word` and not `/metrics`";
    assert_eq!(missing(page, |path| path == "src/here.rs"), ["src/gone.rs"]);
}

#[test]
fn the_journey_goes_through_files_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in ["ARCHITECTURE.md", "README.md"] {
        let text = std::fs::read_to_string(root.join(page)).expect("the page is there");
        let built = |path: &str| path.starts_with("target/") || path.starts_with("strait-data");
        let gone = missing(&text, |path| built(path) || root.join(path).exists());
        assert!(gone.is_empty(), "{page} speaks of {gone:?}");
    }
}
