//! Starts Strait.
fn main() {}
