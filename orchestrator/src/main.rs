//! The `mayfly` command.

fn main() -> std::process::ExitCode {
    orchestrator::main_impl()
}
