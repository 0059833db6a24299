//! The program; everything is in the library.

fn main() -> std::process::ExitCode {
    runner_entrypoint::main_impl()
}
