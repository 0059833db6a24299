//! What `mayfly comment` does with what people write at a pull request, against the sandbox.

mod commands;
mod commit;
mod ignored;
mod stage;
mod sticky;
mod validate;
mod who;
