#![no_main]
//! Hands libFuzzer's bytes to [`strait_fuzz::response`].

libfuzzer_sys::fuzz_target!(|data: &[u8]| strait_fuzz::response(data));
