//! Who asks, and for which place: read from each request before its route runs.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use contract::Scope;

use super::app::check_jwt;
use super::directory::{Place, Repo};
use super::hub::Hub;
use super::people::{Access, Speaker};
use super::refusal::Refusal;
use super::token::{Actor, Denied, Purpose, Right};

/// Who asks.
pub(crate) struct Caller {
    pub(crate) actor: Actor,
    pub(crate) speaker: Speaker,
    pub(crate) hub: Hub,
}

impl FromRequestParts<Hub> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, hub: &Hub) -> Result<Self, Refusal> {
        let token = bearer(&parts.headers)
            .ok_or_else(|| Refusal::new(axum::http::StatusCode::UNAUTHORIZED, "Requires authentication"))?;
        let (actor, speaker) = actor(hub, token)?;
        Ok(Self { actor, speaker, hub: hub.clone() })
    }
}

/// Who asks, at which place.
pub(crate) struct Visitor {
    pub(crate) caller: Caller,
    pub(crate) place: Place,
    pub(crate) scope: Scope,
    repo: Option<Repo>,
}

impl FromRequestParts<Hub> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, hub: &Hub) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, hub).await?;
        let Path(names): Path<HashMap<String, String>> =
            Path::from_request_parts(parts, hub).await.map_err(|_| Refusal::not_found())?;
        let scope = scope(&names).ok_or_else(Refusal::not_found)?;
        let found = hub.read(|state| {
            let place = state.directory.place(&scope)?;
            Some((place, state.repo_at(place).cloned()))
        });
        let (place, repo) = found.ok_or_else(Refusal::not_found)?;
        Ok(Self { caller, place, scope, repo })
    }
}

impl Visitor {
    /// Refuses who lacks the right: 404 where the place may not be known to them, 403 otherwise.
    pub(crate) fn needs(&self, right: Right) -> Result<(), Refusal> {
        let allowed = self.caller.actor.check(self.place, self.repo.as_ref(), right);
        match allowed.and_then(|()| self.check_user(right)) {
            Ok(()) => Ok(()),
            Err(Denied::Invisible) => Err(Refusal::not_found()),
            Err(Denied::Forbidden) => Err(Refusal::forbidden(self.caller.actor.forbidden_text())),
        }
    }

    /// A user's token does no more than the user may.
    fn check_user(&self, right: Right) -> Result<(), Denied> {
        let (Speaker::User(login), Some(repo)) = (&self.caller.speaker, &self.repo) else { return Ok(()) };
        match self.hub().read(|state| state.access(repo, login)) {
            access if access >= right.access() => Ok(()),
            Access::None => Err(Denied::Invisible),
            _ => Err(Denied::Forbidden),
        }
    }

    /// The repository that is asked for.
    pub(crate) fn repo(&self) -> Result<&Repo, Refusal> {
        self.repo.as_ref().ok_or_else(Refusal::not_found)
    }

    /// Whether the caller may do what takes more than a permission: a user by their role, an App by having come so far.
    pub(crate) fn has_access(&self, access: Access) -> bool {
        match (&self.caller.speaker, &self.repo) {
            (Speaker::User(login), Some(repo)) => self.hub().read(|state| state.access(repo, login)) >= access,
            _ => true,
        }
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.caller.hub
    }
}

fn scope(names: &HashMap<String, String>) -> Option<Scope> {
    let name = |key: &str| names.get(key).cloned();
    if let (Some(owner), Some(repo)) = (name("owner"), name("repo")) {
        return Some(Scope::Repo { owner, repo });
    }
    name("org").map(Scope::Org).or_else(|| name("enterprise").map(Scope::Enterprise))
}

/// The token of an `Authorization` header: GitHub takes both words.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    known.then_some(token.trim())
}

fn actor(hub: &Hub, token: &str) -> Result<(Actor, Speaker), Refusal> {
    let now = hub.now();
    if token.split('.').count() == 3 {
        let app = hub.read(|state| check_jwt(&state.apps, token, now.unix_timestamp()));
        return app
            .map(|id| (Actor::App(id), Speaker::App(id)))
            .map_err(|text| Refusal::new(axum::http::StatusCode::UNAUTHORIZED, text));
    }
    let purpose = hub.read(|state| state.tokens.get(token, now).map(|token| token.purpose.clone()));
    match purpose {
        Some(Purpose::Api(actor, speaker)) => Ok((actor, speaker)),
        _ => Err(Refusal::bad_credentials()),
    }
}
