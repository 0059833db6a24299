//! Who somebody is, what they may do in a repository, whether they belong to an organisation.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::super::caller::{Caller, Visitor};
use super::super::directory::Place;
use super::super::hub::Hub;
use super::super::people::{Access, Membership, OCTOCAT, Speaker};
use super::super::refusal::{Answer, Refusal};
use super::super::render;
use super::super::token::{Actor, Grant, Level, Right};

/// Below a repository.
pub(super) fn of_repository() -> Router<Hub> {
    Router::new().route("/collaborators/{username}/permission", get(permission))
}

/// Below an organisation.
pub(super) fn of_organisation() -> Router<Hub> {
    Router::new().route("/members/{username}", get(member)).route("/public_members/{username}", get(public_member))
}

/// Below nothing.
pub(super) fn router() -> Router<Hub> {
    Router::new().route("/user", get(me)).route("/users/{username}", get(user))
}

#[derive(Deserialize)]
struct UserPath {
    username: String,
}

/// Apps' tokens are nobody's: GitHub tells them who they are nowhere but in what they write.
async fn me(caller: Caller) -> Answer {
    let Speaker::User(login) = &caller.speaker else {
        return Err(Refusal::forbidden(caller.actor.forbidden_text()));
    };
    profile(&caller, login)
}

async fn user(caller: Caller, Path(path): Path<UserPath>) -> Answer {
    profile(&caller, &path.username)
}

fn profile(caller: &Caller, login: &str) -> Answer {
    let found = caller.hub.read(|state| state.user(login)).ok_or_else(Refusal::not_found)?;
    Ok(Json(render::profile(&found, &caller.hub.url)).into_response())
}

async fn permission(visitor: Visitor, Path(path): Path<UserPath>) -> Answer {
    visitor.needs(Right::Metadata)?;
    if !visitor.has_access(Access::Write) {
        return Err(Refusal::forbidden("Must have push access to view collaborator permission."));
    }
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    let shown = hub.read(|state| {
        let (user, role) = (state.user(&path.username)?, state.role(repo, &path.username)?);
        Some(render::permission(&user, &role, &hub.url))
    });
    let no_user = || Refusal::new(StatusCode::NOT_FOUND, format!("{} is not a user", path.username));
    Ok(Json(shown.ok_or_else(no_user)?).into_response())
}

/// What the asker is to the organisation that it asks about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asker {
    Insider,
    Outsider,
    Refused,
}

/// An installation needs the permission for members. A job's token has no permissions in an organisation at all, and a
/// classic PAT without a scope for organisations does not speak as a member: both count as outsiders.
fn asker(visitor: &Visitor, org: u64) -> Asker {
    let reads = |grant: &Grant| grant.owner_id == org && grant.holds("members", Level::Read);
    match &visitor.caller.actor {
        Actor::Job(_) => Asker::Outsider,
        Actor::App(_) => Asker::Refused,
        Actor::Installation(grant) | Actor::FineGrained(grant) => {
            if reads(grant) {
                Asker::Insider
            } else {
                Asker::Refused
            }
        }
        Actor::Classic(scopes) => {
            let scoped = ["read:org", "write:org", "admin:org"].iter().any(|scope| scopes.contains(*scope));
            if scoped && is_member(visitor, org) { Asker::Insider } else { Asker::Outsider }
        }
    }
}

fn is_member(visitor: &Visitor, org: u64) -> bool {
    let Speaker::User(login) = &visitor.caller.speaker else { return false };
    login == OCTOCAT || membership(visitor, org, login).is_some()
}

fn membership(visitor: &Visitor, org: u64, login: &str) -> Option<Membership> {
    visitor.hub().read(|state| state.people.membership(org, login))
}

fn org_of(visitor: &Visitor) -> Result<u64, Refusal> {
    match visitor.place {
        Place::Org(id) => Ok(id),
        Place::Repo(_) | Place::Enterprise(_) => Err(Refusal::not_found()),
    }
}

async fn member(visitor: Visitor, Path(path): Path<UserPath>) -> Answer {
    let org = org_of(&visitor)?;
    match asker(&visitor, org) {
        Asker::Refused => Err(Refusal::forbidden(visitor.caller.actor.forbidden_text())),
        Asker::Insider => known(membership(&visitor, org, &path.username).is_some(), &path.username),
        Asker::Outsider => {
            let place = format!("{}/{}/public_members/{}", visitor.hub().url, visitor.scope.api_path(), path.username);
            Ok((StatusCode::FOUND, [(LOCATION, place)]).into_response())
        }
    }
}

async fn public_member(visitor: Visitor, Path(path): Path<UserPath>) -> Answer {
    let org = org_of(&visitor)?;
    known(membership(&visitor, org, &path.username) == Some(Membership::Public), &path.username)
}

fn known(is_member: bool, login: &str) -> Answer {
    let refusal = || Refusal::new(StatusCode::NOT_FOUND, format!("User {login} is not a member of the organization"));
    if is_member { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(refusal()) }
}
