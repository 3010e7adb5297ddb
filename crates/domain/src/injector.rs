//! Where a test may make durable work fail, repeat itself or die, to prove that it survives.

/// A place in the life of a work request that an [`Injector`] is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Point<'a> {
    /// A step is about to take effect.
    BeforeStep(&'a str),
    /// A step took effect, which is not recorded yet.
    AfterEffect(&'a str),
    /// The undoing of a step is about to take effect.
    BeforeUndo(&'a str),
    /// Something about the work request was committed. The text says what, e.g. `started provision`.
    AfterWrite(&'a str),
}

/// What is to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The step (or its undoing) fails for good.
    Fail,
    /// The step takes effect once more, as after a crash between effect and record.
    Repeat,
    /// The worker dies on the spot: nothing is released, nothing more is written.
    Crash,
}

/// Decides what goes wrong where.
pub trait Injector: Send + Sync + 'static {
    /// The fault at this point, if any.
    fn at(&self, point: Point<'_>) -> Option<Fault>;
}

/// What production runs with: nothing goes wrong on purpose.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFaults;

impl Injector for NoFaults {
    fn at(&self, _point: Point<'_>) -> Option<Fault> {
        None
    }
}
