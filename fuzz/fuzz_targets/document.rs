//! The guard of documents takes any text, and comes to an end.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::fuzz::document(bytes));
