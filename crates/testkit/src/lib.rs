//! For tests and benchmarks only: a clock moved by hand, entropy that repeats, a fresh database of each engine for each
//! test, and the real binary as a running dev cloud.

mod clock;
mod dev_env;
mod entropy;
pub mod http;
pub mod running;
mod scratch;

pub use clock::ManualClock;
pub use dev_env::DevEnv;
pub use entropy::SeededEntropy;
pub use running::Running;
pub use scratch::Scratch;
