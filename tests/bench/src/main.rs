//! `bench`: measures Mayfly beside what users would otherwise use, in one run, and prints ratios. It judges nothing but
//! numbers: its exit code is 0 whether targets are met or missed.

mod cli;
mod entrypoint;
mod figures;
mod launch;
mod measure;
mod memory;
mod moment;
mod pid1;
mod recipe;
mod sizes;
mod table;
mod tls;

fn main() -> std::process::ExitCode {
    cli::main_impl()
}
