//! Filled by its own files.
