//! `run`: connects, waits for a job, has its Worker run it, leaves.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::arguments::Arguments;
use super::broker::{Broker, BrokerError};
use super::files::{self, Registration};
use super::listener_job::RunningJob;
use super::signals::{self, Signal};
use super::{code, misbehave, terminal};
use crate::github::Misbehaviour;
use crate::wire::{JobMessage, Message, OpenSession, TaskResult};

/// Pause between two attempts to reach the service. The real one's is longer; nobody waits for a stand-in.
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);
/// After a SIGTERM the real one's process ends within this, done or not (`ExitOnUnloadTimeout`).
const UNLOAD_LIMIT: Duration = Duration::from_secs(30);

/// What the Listener waits for.
pub(super) enum Event {
    Signal(Signal),
    Message(Message),
    PollFailed(BrokerError),
    PollRecovered,
    WorkerEnded(Option<i32>),
}

/// A connected Listener.
pub(super) struct Listener {
    pub(super) root: PathBuf,
    pub(super) broker: Broker,
    pub(super) events: Receiver<Event>,
    pub(super) sender: Sender<Event>,
    pub(super) how: Misbehaviour,
    registration: Registration,
}

/// How a Listener's life goes on.
enum Next {
    Listen,
    Exit(u8),
}

pub(super) fn run(arguments: &Arguments, root: &Path) -> u8 {
    let (sender, events) = channel();
    let signals = sender.clone();
    signals::watch(move |signal| _ = signals.send(Event::Signal(signal)));
    terminal::say(super::NOTICE);
    files::begin_diagnostics(root, "Runner");
    if let Some(jit) = arguments.value("jitconfig")
        && let Err(fault) = files::unpack(root, jit)
    {
        terminal::complain(&format!("An error occurred: {fault}"));
        return code::TERMINATED;
    }
    let registration = match files::read(root) {
        Ok(Some(registration)) => registration,
        Ok(None) => {
            terminal::complain("Not configured. Run config.(sh/cmd) to configure the runner.");
            return code::TERMINATED;
        }
        Err(fault) => {
            terminal::complain(&format!("An error occurred: {fault}"));
            return code::TERMINATED;
        }
    };
    let broker = Broker::new(&registration.settings.server_url);
    let how = misbehave::wanted(root, &broker, &registration.settings.agent_name);
    let listener = Listener { root: root.to_path_buf(), broker, events, sender, how, registration };
    listener.live()
}

impl Listener {
    fn live(&self) -> u8 {
        if let Some(code) = misbehave::before_connect(&self.how, &self.root) {
            return code;
        }
        if self.how == Misbehaviour::NeverConnect {
            return self.wait_for_signal();
        }
        let session = match self.connect() {
            Ok(session) => session,
            Err(code) => return code,
        };
        if self.how == Misbehaviour::CrashAfterConnect {
            std::process::abort();
        }
        self.poll_in_background(session.clone());
        let code = loop {
            if let Next::Exit(code) = self.listen() {
                break code;
            }
        };
        self.broker.close_session(&session);
        code
    }

    fn wait_for_signal(&self) -> u8 {
        while let Ok(event) = self.events.recv() {
            if let Event::Signal(_) = event {
                terminal::say("Exiting...");
                break;
            }
        }
        code::SUCCESS
    }

    /// Opens the session; answers with the exit code where that is hopeless.
    fn connect(&self) -> Result<String, u8> {
        let wanted = OpenSession {
            client_id: self.registration.client_id.clone(),
            client_secret: self.registration.client_secret.clone(),
            version: crate::distribution::VERSION.to_owned(),
        };
        let mut troubled = false;
        loop {
            match self.broker.open_session(&wanted) {
                Ok(opened) => {
                    greet(troubled);
                    return Ok(opened.session_id);
                }
                Err(BrokerError::Refused { status, text }) if status < 500 => return Err(hopeless(status, &text)),
                Err(fault) => {
                    terminal::say_at(&format!("Runner connect error: {fault}. Retrying until reconnected."));
                    troubled = true;
                }
            }
            match self.events.recv_timeout(RECONNECT_PAUSE) {
                Err(RecvTimeoutError::Timeout) => {}
                _ => {
                    terminal::say("Exiting...");
                    return Err(code::SUCCESS);
                }
            }
        }
    }

    fn poll_in_background(&self, session: String) {
        let (broker, sender) = (self.broker.clone(), self.sender.clone());
        std::thread::spawn(move || poll(&broker, &session, &sender));
    }

    /// Waits for one job, or for the end.
    fn listen(&self) -> Next {
        terminal::say_at("Listening for Jobs");
        while let Ok(event) = self.events.recv() {
            match event {
                Event::Signal(_) => {
                    terminal::say("Exiting...");
                    return Next::Exit(code::SUCCESS);
                }
                Event::Message(Message::Job(job)) => return self.run_job(&job),
                Event::PollFailed(BrokerError::Refused { status: 404, .. }) => {
                    terminal::say("The runner no longer exists on the server. Cleaning up local configuration.");
                    files::delete(&self.root);
                    return Next::Exit(code::SUCCESS);
                }
                Event::PollFailed(fault) => {
                    terminal::say_at(&format!("Runner connect error: {fault}. Retrying until reconnected."));
                }
                Event::PollRecovered => terminal::say_at("Runner reconnected."),
                // A cancel that came too late, and the end of a Worker that was already reported.
                Event::Message(Message::Cancel) | Event::WorkerEnded(_) => {}
            }
        }
        Next::Exit(code::RETRYABLE)
    }

    fn run_job(&self, job: &JobMessage) -> Next {
        terminal::say_at(&format!("Running job: {}", job.name));
        let end = RunningJob::start(self, job).map_or(Ended::Alone(TaskResult::Failed), |running| running.wait());
        match end {
            Ended::Alone(result) => self.after_job(job, result),
            Ended::Stopped => {
                // The terminal says Canceled although the service shows a failure: the real one's words differ too.
                terminal::say_at(&format!("Job {} completed with result: Canceled", job.name));
                Next::Exit(code::SUCCESS)
            }
        }
    }

    fn after_job(&self, job: &JobMessage, result: TaskResult) -> Next {
        terminal::say_at(&format!("Job {} completed with result: {result:?}", job.name));
        let told = std::env::var("ACTIONS_RUNNER_RETURN_JOB_RESULT_FOR_HOSTED").is_ok_and(|value| value == "true");
        if !self.registration.settings.ephemeral && !told {
            return Next::Listen;
        }
        files::delete(&self.root);
        if self.how == Misbehaviour::HangAfterJob {
            loop {
                std::thread::park();
            }
        }
        Next::Exit(if told { result.code() } else { code::SUCCESS })
    }

    pub(super) fn work_folder(&self) -> PathBuf {
        self.root.join(&self.registration.settings.work_folder)
    }

    pub(super) fn name(&self) -> &str {
        &self.registration.settings.agent_name
    }
}

/// How a job left its Listener.
pub(super) enum Ended {
    /// The Worker came to an end of its own.
    Alone(TaskResult),
    /// It was interrupted by a signal to the Listener.
    Stopped,
}

/// How long a Listener waits for its Worker after a signal. SIGINT: without limit.
pub(super) fn patience(signal: Signal) -> Option<Duration> {
    match signal {
        Signal::Interrupt => None,
        Signal::Terminate => Some(UNLOAD_LIMIT),
    }
}

fn greet(troubled: bool) {
    if troubled {
        terminal::say_at("Runner reconnected.");
    }
    terminal::say("\n√ Connected to GitHub\n");
    terminal::say(&format!("Current runner version: '{}'", crate::distribution::VERSION));
}

fn hopeless(status: u16, text: &str) -> u8 {
    match status {
        404 => {
            terminal::complain(
                "Failed to create a session. The runner registration has been deleted from the server, please re-configure. Runner registrations are automatically deleted for runners that have not connected to the service recently.",
            );
            code::TERMINATED
        }
        409 => {
            terminal::say("A session for this runner already exists.");
            // The real one tries for four minutes before it says so.
            terminal::say("Stop retry on SessionConflictException after retried for 240 seconds.");
            code::SESSION_CONFLICT
        }
        400 => misbehave::version_refused(text),
        _ => {
            terminal::complain(&format!("An error occurred: {text}"));
            code::RETRYABLE
        }
    }
}

fn poll(broker: &Broker, session: &str, sender: &Sender<Event>) {
    let mut troubled = false;
    loop {
        let event = match broker.next_message(session) {
            Ok(message) => {
                if std::mem::take(&mut troubled) && sender.send(Event::PollRecovered).is_err() {
                    return;
                }
                message.map(Event::Message)
            }
            Err(fault) => {
                troubled = true;
                Some(Event::PollFailed(fault))
            }
        };
        if event.is_some_and(|event| sender.send(event).is_err()) {
            return;
        }
        if troubled {
            std::thread::park_timeout(RECONNECT_PAUSE);
        }
    }
}
