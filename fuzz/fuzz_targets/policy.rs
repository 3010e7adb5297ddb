//! Policy statements: what is read prints to what reads the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use obol_domain::policy::Statement;

fuzz_target!(|text: &str| {
    if let Ok(statement) = text.parse::<Statement>() {
        let again: Statement = statement.to_string().parse().expect("what was printed can be read");
        assert_eq!(again, statement);
    }
});
