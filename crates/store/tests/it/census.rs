//! Every statement of the crate is understood by both engines.

use obol_store::census;

on_each_engine!(every_statement_prepares, |db| async move {
    let statements = census();
    assert!(!statements.is_empty());
    for (name, statement) in statements {
        if let Err(error) = db.prepare(&statement).await {
            panic!("{name}: {error}: {:?}", std::error::Error::source(&error).map(ToString::to_string));
        }
    }
});
