//! A small web application for previews to show: as itself, as a proxy before another, or as what fills a volume.
//!
//! `standin-app [serve]` answers `/` with a page that shows its version and its `FEATURE_*` variables, and `/health`;
//! `standin-app proxy URL` gives every request on; `standin-app seed FILE TEXT` writes a file and ends. It is told by
//! variables and by paths how to misbehave: see [`settings::Settings`] and `pages`.

mod http;
mod pages;
mod place;
mod proxy;
mod settings;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{SigHandler, Signal, signal};

use pages::App;
use settings::Settings;

/// The whole program.
pub fn main_impl() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args.as_slice() {
        [] | ["serve"] => serve(),
        ["proxy", url] => http::serve(place::own(), proxy::handler((*url).to_owned())),
        ["seed", file, text] => seed(file, text),
        _ => Err(io::Error::other("usage: standin-app [serve | proxy URL | seed FILE TEXT]")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            say(&format!("standin-app: {fault}"));
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    let settings = Settings::read(|name| std::env::var(name).ok());
    if settings.ignore_sigterm {
        // SAFETY: ignoring a signal runs no handler.
        unsafe { signal(Signal::SIGTERM, SigHandler::SigIgn) }?;
    }
    (0..settings.log_lines).for_each(|number| say(&format!("standin-app: line {number}")));
    if let Some(delay) = settings.crash_after {
        std::thread::spawn(move || crash(delay));
    }
    let app = Arc::new(App::new(settings));
    http::serve(place::own(), move |request| app.answer(request))
}

/// Ends as a program does that was not made well.
#[expect(clippy::exit, reason = "the point is to end without asking anybody")]
fn crash(delay: Duration) {
    pause(delay);
    say("standin-app: a fault was found in the stand-in: it was told to crash");
    std::process::exit(3);
}

#[expect(clippy::disallowed_methods, reason = "it is told to take its time: there is no condition to wait for")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

fn seed(file: &str, text: &str) -> io::Result<()> {
    std::fs::write(file, text)?;
    say(&format!("standin-app: {file} is written"));
    Ok(())
}

/// Prints a line; nobody may be listening.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    let written = writeln!(out, "{line}").and_then(|()| out.flush());
    drop(written);
}
