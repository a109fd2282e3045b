//! A text is a domain in one form, or none.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::fuzz::domain(bytes));
