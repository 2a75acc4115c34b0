#![no_main]
//! Hands libFuzzer's bytes to [`strait_fuzz::walk_batches`].

libfuzzer_sys::fuzz_target!(|data: &[u8]| strait_fuzz::walk_batches(data));
