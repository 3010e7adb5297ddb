//! For tests only: a clock moved by hand, entropy that repeats, and a fresh database of each engine for each test.

mod clock;
mod entropy;
mod scratch;

pub use clock::ManualClock;
pub use entropy::SeededEntropy;
pub use scratch::Scratch;
