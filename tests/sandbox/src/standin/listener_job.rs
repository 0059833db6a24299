//! A job while it runs: the Listener and its Worker process.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use super::listener::{Ended, Event, Listener, patience};
use super::terminal;
use super::worker::{Order, Start};
use crate::github::Misbehaviour;
use crate::wire::{JobMessage, Message, Report, TaskResult};

/// A Worker at work.
pub(super) struct RunningJob<'a> {
    listener: &'a Listener,
    job: &'a JobMessage,
    orders: ChildStdin,
}

impl<'a> RunningJob<'a> {
    /// Starts the Worker and gives it the job.
    pub(super) fn start(listener: &'a Listener, job: &'a JobMessage) -> io::Result<Self> {
        let mut worker = Command::new(listener.root.join("bin/Runner.Worker"));
        worker.args(["spawnclient", "0", "1"]).stdin(Stdio::piped());
        // The Listener takes its inputs out of its own environment, so neither Worker nor steps see them.
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_input(name)) {
            worker.env_remove(name);
        }
        let mut worker = worker.spawn()?;
        let mut orders = worker.stdin.take().ok_or_else(|| io::Error::other("the Worker has no stdin"))?;
        let start = Start {
            job: job.clone(),
            runner: listener.name().to_owned(),
            work_folder: listener.work_folder(),
            hang: listener.how == Misbehaviour::HangWorker,
        };
        writeln!(orders, "{}", serde_json::to_string(&start)?)?;
        watch(listener, worker);
        Ok(Self { listener, job, orders })
    }

    /// Until the Worker ended, or the patience after a signal did.
    pub(super) fn wait(mut self) -> Ended {
        let mut stopped = false;
        let mut deadline: Option<Instant> = None;
        let mut early = None;
        loop {
            match self.next_event(deadline) {
                None => return Ended::Stopped,
                Some(Event::WorkerEnded(_)) if stopped => return Ended::Stopped,
                Some(Event::WorkerEnded(code)) => {
                    self.put_back(early);
                    return Ended::Alone(self.result_of(code));
                }
                // The service has heard of this job's end, and its Worker still has to go (`actions/runner
                // src/Runner.Listener/JobDispatcher.cs` waits for it in the same way).
                Some(Event::Message(Message::Job(next))) => early = Some(next),
                Some(Event::Signal(signal)) => {
                    terminal::say("Exiting...");
                    stopped = true;
                    deadline = deadline.or_else(|| patience(signal).map(|limit| Instant::now() + limit));
                    self.give(Order::Shutdown);
                }
                Some(Event::Message(Message::Cancel)) => self.give(Order::Cancel),
                // While a job runs the service's silence is the Worker's affair.
                Some(Event::PollFailed(_) | Event::PollRecovered) => {}
            }
        }
    }

    /// Lets the Listener hear of a job that came before this one's Worker was gone.
    fn put_back(&self, early: Option<Box<JobMessage>>) {
        // The receiver lives as long as the Listener itself.
        let _ = early.map(|job| self.listener.sender.send(Event::Message(Message::Job(job))));
    }

    fn next_event(&self, deadline: Option<Instant>) -> Option<Event> {
        match deadline {
            None => self.listener.events.recv().ok(),
            Some(end) => {
                let left = end.saturating_duration_since(Instant::now());
                self.listener.events.recv_timeout(left.max(Duration::from_millis(1))).ok()
            }
        }
    }

    fn give(&mut self, order: Order) {
        // A Worker that has just ended takes no orders; its end is the next event.
        let _ = writeln!(self.orders, "{}", order.word());
    }

    /// A Worker that died says nothing itself: the Listener reports the failure for it.
    fn result_of(&self, code: Option<i32>) -> TaskResult {
        if let Some(result) = code.and_then(TaskResult::from_code) {
            return result;
        }
        let lines = vec![format!("The runner's Worker ended unexpectedly ({code:?}).")];
        let report = Report { lines, steps: Vec::new(), result: Some(TaskResult::Failed) };
        if let Err(fault) = self.listener.broker.report(&self.job.report_url, &self.job.token, &report) {
            terminal::say_at(&format!("Runner connect error: {fault}. Retrying until reconnected."));
        }
        TaskResult::Failed
    }
}

fn is_input(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(super::arguments::INPUT.as_bytes())
}

fn watch(listener: &Listener, mut worker: Child) {
    let sender = listener.sender.clone();
    std::thread::spawn(move || {
        let code = worker.wait().ok().and_then(|status| status.code());
        let _ = sender.send(Event::WorkerEnded(code));
    });
}
