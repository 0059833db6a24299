//! Signals as events in a channel.

use tokio::signal::unix::{SignalKind, signal};

/// A request to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Interrupt,
    Terminate,
}

/// Reports each SIGINT and SIGTERM from now on.
///
/// # Panics
/// Where the operating system refuses handlers: then nothing here would work.
pub(super) fn watch(report: impl Fn(Signal) + Send + 'static) {
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime of one thread can be built").block_on(async move {
            let mut interrupts = signal(SignalKind::interrupt()).expect("SIGINT can be handled");
            let mut terminations = signal(SignalKind::terminate()).expect("SIGTERM can be handled");
            let _ = ready.send(());
            loop {
                tokio::select! {
                    _ = interrupts.recv() => report(Signal::Interrupt),
                    _ = terminations.recv() => report(Signal::Terminate),
                }
            }
        });
    });
    // Who starts us may send a signal right after our first line: the handlers must be there before it.
    let _ = is_ready.recv();
}
