//! Runners come and go.

use time::OffsetDateTime;

use super::State;
use crate::github::directory::Place;
use crate::github::runner::{Registration, Runner, RunnerId};

/// A runner of that name is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameTaken(pub(crate) RunnerId);

/// The runner has a job: it is not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StillRunning {
    pub(crate) runner: String,
}

impl State {
    pub(crate) fn register(&mut self, wanted: Registration, now: OffsetDateTime) -> Result<RunnerId, NameTaken> {
        let same = |runner: &&Runner| runner.place == wanted.place && runner.name.eq_ignore_ascii_case(&wanted.name);
        if let Some(taken) = self.runners.values().find(same) {
            return Err(NameTaken(taken.id));
        }
        let id = self.fresh_id();
        self.runners.insert(id, Runner::new(id, wanted, now));
        Ok(id)
    }

    /// The runners of a place, in the order of their numbers, of one name if one is asked for.
    pub(crate) fn runners_at(&self, place: Place, name: Option<&str>) -> Vec<&Runner> {
        let named = |runner: &&Runner| name.is_none_or(|name| runner.name.eq_ignore_ascii_case(name));
        self.runners.values().filter(|runner| runner.place == place).filter(named).collect()
    }

    pub(crate) fn runner_at(&mut self, place: Place, id: RunnerId) -> Option<&mut Runner> {
        self.runners.get_mut(&id).filter(|runner| runner.place == place)
    }

    /// Removes a registration unless it has a job. `None`: there is none of that number.
    pub(crate) fn delete_runner(&mut self, place: Place, id: RunnerId) -> Option<Result<(), StillRunning>> {
        let runner = self.runner_at(place, id)?;
        if runner.busy() {
            return Some(Err(StillRunning { runner: runner.name.clone() }));
        }
        self.runners.remove(&id);
        Some(Ok(()))
    }

    pub(crate) fn runner_of_client(&mut self, client_id: &str, secret: &str) -> Option<&mut Runner> {
        self.runners.values_mut().find(|runner| runner.client_id == client_id && runner.client_secret == secret)
    }

    pub(crate) fn runner_of_session(&mut self, session: &str) -> Option<&mut Runner> {
        self.runners.values_mut().find(|runner| runner.session.as_ref().is_some_and(|open| open.id == session))
    }
}
