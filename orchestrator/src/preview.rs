//! Previews: an app of a pull request, with a URL and a lease.

pub mod publish;
pub mod story;
