//! The children in the trials: one program that prints signals, is deaf, leaves orphans and daemons behind, or tells how it
//! was started.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what it prints is what the trials look at")]

mod leave;
mod listen;
mod state;

use std::process::ExitCode;

const USAGE: &str = "\
actor VERB ...
  exit CODE                        ends with that code
  die SIGNAL                       ends by that signal
  stop                             stops itself, and ends when continued
  signals                          takes all signals and prints \"got NUMBER\" for each
  obey SIGNAL CODE                 ends with that code on that signal
  deaf SIGNAL...                   ignores those signals, and waits
  self                             prints its ids, its group, its session, and whether it has the terminal
  descriptors                      prints the numbers of its open descriptors
  orphans COUNT                    leaves that many orphans that end at once, and waits
  daemon [--own-session] [--deaf] NAME -- COMMAND...
                                   leaves a daemon that notes its signals in $NOTES/NAME, then becomes the command
  enter [--ignore SIGNAL] [--block SIGNAL] [--child] [--terminal] [--close-others] [--dying-parent] -- COMMAND...
                                   becomes the command in that state";

fn main() -> ExitCode {
    // Rust's runtime ignores SIGPIPE, which the commands that this program becomes would inherit.
    // SAFETY: no handler is installed.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match act(&words) {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("actor: {fault}\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn act(words: &[&str]) -> Result<ExitCode, String> {
    match words {
        ["exit", code] => Ok(ExitCode::from(number::<u8>(code)?)),
        ["die", signal] => listen::die_by(signal),
        ["stop"] => listen::stop(),
        ["signals"] => listen::print_all(),
        ["obey", signal, code] => listen::obey(signal, number(code)?),
        ["deaf", signals @ ..] => listen::be_deaf(signals),
        ["self"] => state::print_own(),
        ["descriptors"] => Ok(state::print_descriptors()),
        ["orphans", count] => leave::orphans(number(count)?),
        ["daemon", rest @ ..] => leave::daemon(rest),
        ["enter", rest @ ..] => state::enter(rest),
        _ => Err("unknown verb".to_owned()),
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("\"{text}\" is not a number"))
}

/// A signal by its name without `SIG`.
fn signal(name: &str) -> Result<nix::sys::signal::Signal, String> {
    format!("SIG{name}").parse().map_err(|_| format!("\"{name}\" is no signal"))
}

/// Becomes a command. Returns only where it cannot.
fn become_command(command: &[&str]) -> Result<ExitCode, String> {
    let words: Result<Vec<_>, _> = command.iter().map(|word| std::ffi::CString::new(*word)).collect();
    let words = words.map_err(|_| "a NUL in the command".to_owned())?;
    let first = words.first().ok_or("a command is missing")?;
    let Err(cause) = nix::unistd::execvp(first, &words);
    Err(format!("{}: {cause}", command[0]))
}
