//! A request reaches the tenant that its canonical names name, or nobody.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::fuzz::entrance(bytes));
