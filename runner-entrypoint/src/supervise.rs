//! `runner-entrypoint supervise`: a command under guard, with a lease on its life.

mod duration;
mod lease;
mod machine;
mod options;
mod rfc3339;
mod witness;
