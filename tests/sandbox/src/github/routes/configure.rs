//! Registration by token, as the stand-in's `configure` and `remove` use it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;

use super::super::directory::{DEFAULT_GROUP, Place};
use super::super::hub::Hub;
use super::super::jit;
use super::super::refusal::{Answer, Refusal};
use super::super::runner::Registration;
use super::super::state::State as Model;
use super::super::token::Purpose;
use crate::wire::{Configure, Configured, Remove};
use contract::Scope;

pub(super) async fn configure(State(hub): State<Hub>, Json(wanted): Json<Configure>) -> Answer {
    let broker = format!("{}/_standin", hub.url);
    hub.change(|state, now| {
        let purpose = state.tokens.get(&wanted.token, now).map(|token| token.purpose.clone());
        // An unknown token is answered as if the address did not exist (`actions/runner ConfigurationManager.cs`).
        let Some(Purpose::Registration(place)) = purpose else { return Err(Refusal::not_found()) };
        let registration = registration(state, place, &wanted)?;
        let mut outcome = state.register(registration.clone(), now);
        if let (Err(taken), true) = (&outcome, wanted.replace) {
            state.runners.remove(&taken.0);
            outcome = state.register(registration, now);
        }
        let exists = |_| Refusal::conflict(format!("A runner exists with the same name {}.", wanted.name));
        let id = outcome.map_err(exists)?;
        let mut files = jit::files(&state.runners[&id], &broker);
        files[0].1["gitHubUrl"] = wanted.url.clone().into();
        let files = files.into_iter().map(|(name, content)| (name.to_owned(), content)).collect();
        Ok((StatusCode::CREATED, Json(Configured { files })).into_response())
    })
}

fn registration(state: &Model, place: Place, wanted: &Configure) -> Result<Registration, Refusal> {
    let groups = state.directory.groups(place);
    let group = match &wanted.group {
        None => DEFAULT_GROUP,
        Some(name) => {
            let unknown = || Refusal::invalid(format!("Could not find any self-hosted runner group named \"{name}\"."));
            groups.iter().find(|group| group.name == *name).map(|group| group.id).ok_or_else(unknown)?
        }
    };
    let defaults = ["self-hosted", "Linux", crate::distribution::ARCHITECTURE];
    Ok(Registration {
        name: wanted.name.clone(),
        scope: scope_of(state, place).ok_or_else(Refusal::not_found)?,
        place,
        group,
        labels: wanted.labels.clone(),
        fixed_labels: if wanted.default_labels { defaults.map(str::to_owned).to_vec() } else { Vec::new() },
        ephemeral: wanted.ephemeral,
        work_folder: wanted.work_folder.clone(),
    })
}

fn scope_of(state: &Model, place: Place) -> Option<Scope> {
    let directory = &state.directory;
    match place {
        Place::Repo(id) => {
            let repo = directory.repo_by_id(id)?;
            Some(Scope::Repo { owner: repo.owner.clone(), repo: repo.name.clone() })
        }
        Place::Org(id) => directory.orgs.iter().find(|org| org.id == id).map(|org| Scope::Org(org.login.clone())),
        Place::Enterprise(id) => {
            let enterprise = directory.enterprises.iter().find(|enterprise| enterprise.id == id);
            enterprise.map(|enterprise| Scope::Enterprise(enterprise.login.clone()))
        }
    }
}

/// Takes a removal token or a registration token, as GitHub does.
pub(super) async fn remove(State(hub): State<Hub>, Json(wanted): Json<Remove>) -> Answer {
    hub.change(|state, now| {
        let purpose = state.tokens.get(&wanted.token, now).map(|token| token.purpose.clone());
        let Some(Purpose::Registration(place) | Purpose::Removal(place)) = purpose else {
            return Err(Refusal::bad_credentials());
        };
        match state.delete_runner(place, wanted.runner_id) {
            None => Err(Refusal::not_found()),
            Some(Err(busy)) => Err(Refusal::invalid(format!("Runner \"{}\" is still running a job\"", busy.runner))),
            Some(Ok(())) => Ok(StatusCode::NO_CONTENT.into_response()),
        }
    })
}
