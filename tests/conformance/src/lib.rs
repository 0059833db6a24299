//! The conformance suite of PID 1: guarantees as named cases, the programs that are held to them, and the table.
//!
//! A case ([`case::Case`]) runs one program in one [`setting::Setting`] through a [`stage::Stage`] and returns whether the
//! guarantee held. `cargo test` asserts it of `runner-entrypoint` in each of its roles; `cargo run -p conformance` also asks
//! tini, dumb-init, catatonit and GNU timeout, whose answers show that a case asks for the right thing.

pub mod case;
pub mod cases;
mod container;
pub mod life;
pub mod patience;
pub mod process;
pub mod program;
pub mod setting;
pub mod stage;
pub mod table;
