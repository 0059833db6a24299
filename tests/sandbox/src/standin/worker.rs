//! The Worker: runs the steps of one job and reports what they print.

use std::io::{BufRead as _, stdin};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::broker::Broker;
use super::signals::{self, Signal};
use super::step::{Script, StepEnd};
use super::{code, files, orphans, terminal};
use crate::github::StepResult;
use crate::wire::{JobMessage, Report, TaskResult};

/// What a Worker is started with: the first line of its stdin.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Start {
    pub(super) job: JobMessage,
    pub(super) runner: String,
    pub(super) work_folder: PathBuf,
    pub(super) hang: bool,
}

/// What a Worker may be told while it works: further lines of its stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Go on.
    None,
    /// The service cancels the job: what must run always still runs.
    Cancel,
    /// The runner is stopped: nothing runs any more.
    Shutdown,
    /// The Listener is gone: nobody is left to report to.
    Abandon,
}

impl Order {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::None | Self::Abandon => "",
            Self::Cancel => "cancel",
            Self::Shutdown => "shutdown",
        }
    }
}

/// The latest order, shared between the threads of a Worker.
#[derive(Clone, Default)]
pub(super) struct Orders(Arc<AtomicU8>);

impl Orders {
    fn give(&self, order: Order) {
        self.0.fetch_max(order as u8, Ordering::SeqCst);
    }

    pub(super) fn latest(&self) -> Order {
        match self.0.load(Ordering::SeqCst) {
            0 => Order::None,
            1 => Order::Cancel,
            2 => Order::Shutdown,
            _ => Order::Abandon,
        }
    }
}

const SHUTDOWN_TEXT: &str = "The runner has received a shutdown signal. This can happen when the runner service is stopped, or a manually started runner is canceled.";

pub(super) fn main(root: &Path) -> u8 {
    let orders = Orders::default();
    let on_signal = orders.clone();
    signals::watch(move |signal| {
        // The real Worker leaves SIGINT to its Listener, which gets it from the same terminal.
        if signal == Signal::Terminate {
            on_signal.give(Order::Shutdown);
        }
    });
    files::begin_diagnostics(root, "Worker");
    let mut first = String::new();
    let start: Option<Start> =
        stdin().lock().read_line(&mut first).ok().and_then(|_| serde_json::from_str(&first).ok());
    let Some(start) = start else {
        terminal::complain("The Worker is started by Runner.Listener only.");
        return code::TERMINATED;
    };
    if start.hang {
        // Deaf to every order; it goes with its Listener, so that nobody has to look for it.
        stdin().lock().lines().map_while(Result::ok).for_each(drop);
        return code::TERMINATED;
    }
    take_orders(orders.clone());
    Work::new(start, orders).run().code()
}

fn take_orders(orders: Orders) {
    std::thread::spawn(move || {
        for line in stdin().lock().lines().map_while(Result::ok) {
            if let Some(order) = [Order::Cancel, Order::Shutdown].into_iter().find(|order| order.word() == line) {
                orders.give(order);
            }
        }
        orders.give(Order::Abandon);
    });
}

/// A job at work.
struct Work {
    start: Start,
    orders: Orders,
    broker: Broker,
    tracking_id: String,
    failed: bool,
}

impl Work {
    fn new(start: Start, orders: Orders) -> Self {
        let broker = Broker::new(&start.job.report_url);
        Self { start, orders, broker, tracking_id: format!("github_{}", Uuid::new_v4()), failed: false }
    }

    fn run(mut self) -> TaskResult {
        self.report(vec![super::NOTICE.to_owned()], None, None);
        self.hook("Set up runner", "ACTIONS_RUNNER_HOOK_JOB_STARTED");
        for step in self.start.job.steps.clone() {
            let runs = match self.orders.latest() {
                Order::None => !self.failed || step.always,
                Order::Cancel => step.always,
                // Not even `always()` is evaluated when the runner itself goes (`actions/runner StepsRunner.cs`).
                Order::Shutdown | Order::Abandon => false,
            };
            if runs {
                self.run_step(&step.name, &Script::Text(step.run));
            } else {
                self.report(Vec::new(), Some((&step.name, "skipped")), None);
            }
        }
        if matches!(self.orders.latest(), Order::None | Order::Cancel) {
            self.hook("Complete runner", "ACTIONS_RUNNER_HOOK_JOB_COMPLETED");
        }
        self.finish()
    }

    fn hook(&mut self, name: &str, variable: &str) {
        if let Some(path) = std::env::var_os(variable) {
            self.run_step(name, &Script::File(path.into()));
        }
    }

    fn run_step(&mut self, name: &str, script: &Script) {
        let already_cancelled = self.orders.latest() == Order::Cancel;
        let surroundings = super::step::Surroundings {
            start: &self.start,
            tracking_id: &self.tracking_id,
            // A step that runs in spite of a cancel is not cancelled again by the same order.
            obeys: if already_cancelled { Order::Shutdown } else { Order::Cancel },
            orders: &self.orders,
        };
        let broker = self.broker.clone();
        let (url, token) = (self.start.job.report_url.clone(), self.start.job.token.clone());
        let end = script.run(&surroundings, |lines| {
            send(&broker, &url, &token, &Report { lines, ..Report::default() });
        });
        let conclusion = match end {
            Ok(StepEnd::Exit(Some(0))) => "success",
            Ok(StepEnd::Exit(_)) => "failure",
            Ok(StepEnd::Cancelled) => "cancelled",
            Err(_) => "failure",
        };
        self.failed |= conclusion != "success";
        let lines = match &end {
            Ok(StepEnd::Exit(Some(0)) | StepEnd::Cancelled) => Vec::new(),
            Ok(StepEnd::Exit(code)) => vec![format!("Error: Process completed with exit code {}.", code.unwrap_or(-1))],
            Err(fault) => vec![format!("Error: {fault}")],
        };
        self.report(lines, Some((name, conclusion)), None);
    }

    fn finish(&self) -> TaskResult {
        let mut lines = vec!["Cleaning up orphan processes".to_owned()];
        lines.extend(orphans::kill(&self.tracking_id));
        let result = match self.orders.latest() {
            Order::Shutdown | Order::Abandon => {
                lines.push(format!("Error: {SHUTDOWN_TEXT}"));
                TaskResult::Failed
            }
            Order::Cancel => {
                lines.push("Error: The operation was canceled.".to_owned());
                TaskResult::Canceled
            }
            Order::None if self.failed => TaskResult::Failed,
            Order::None => TaskResult::Succeeded,
        };
        self.report(lines, None, Some(result));
        result
    }

    /// Of a job whose Listener is gone nobody hears again: the service finds out by the silence.
    fn report(&self, lines: Vec<String>, step: Option<(&str, &str)>, result: Option<TaskResult>) {
        if self.orders.latest() == Order::Abandon {
            return;
        }
        let steps = step
            .into_iter()
            .map(|(name, conclusion)| StepResult { name: name.to_owned(), conclusion: conclusion.to_owned() });
        let report = Report { lines, steps: steps.collect(), result };
        send(&self.broker, &self.start.job.report_url, &self.start.job.token, &report);
    }
}

/// Tries a few times: a lost report would leave the job running for ever.
fn send(broker: &Broker, url: &str, token: &str, report: &Report) {
    for _ in 0..5 {
        if broker.report(url, token, report).is_ok() {
            return;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(200));
    }
}
