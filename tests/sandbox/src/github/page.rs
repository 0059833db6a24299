//! x
/// A task, as the page shows it.
#[derive(Clone, Debug)]
pub struct TaskCard {}
