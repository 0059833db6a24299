//! Labels of a runner.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::super::caller::Visitor;
use super::super::hub::Hub;
use super::super::refusal::{Answer, Refusal};
use super::super::render;
use super::super::runner::{Runner, RunnerId};
use super::super::token::{Level, Right};
use super::super::traffic::json_body;
use super::runners::RunnerPath;

pub(super) fn router() -> Router<Hub> {
    Router::new()
        .route("/actions/runners/{runner_id}/labels", get(list).post(add).put(replace).delete(clear))
        .route("/actions/runners/{runner_id}/labels/{name}", delete(remove))
}

#[derive(Deserialize)]
struct Labels {
    labels: Vec<String>,
}

#[derive(Deserialize)]
struct LabelPath {
    runner_id: RunnerId,
    name: String,
}

async fn list(visitor: Visitor, Path(path): Path<RunnerPath>) -> Answer {
    visitor.needs(Right::Runners(Level::Read))?;
    edit(&visitor, path.runner_id, |_| Ok(()))
}

async fn add(visitor: Visitor, Path(path): Path<RunnerPath>, body: Bytes) -> Answer {
    visitor.needs(Right::Runners(Level::Write))?;
    let Labels { labels } = json_body(&body)?;
    edit(&visitor, path.runner_id, |runner| {
        for label in labels.iter().map(|label| label.to_lowercase()) {
            if !runner.has_labels(std::slice::from_ref(&label)) {
                runner.labels.push(label);
            }
        }
        Ok(())
    })
}

async fn replace(visitor: Visitor, Path(path): Path<RunnerPath>, body: Bytes) -> Answer {
    visitor.needs(Right::Runners(Level::Write))?;
    let Labels { labels } = json_body(&body)?;
    edit(&visitor, path.runner_id, |runner| {
        runner.labels = labels.iter().map(|label| label.to_lowercase()).collect();
        Ok(())
    })
}

async fn clear(visitor: Visitor, Path(path): Path<RunnerPath>) -> Answer {
    visitor.needs(Right::Runners(Level::Write))?;
    edit(&visitor, path.runner_id, |runner| {
        runner.labels.clear();
        Ok(())
    })
}

async fn remove(visitor: Visitor, Path(path): Path<LabelPath>) -> Answer {
    visitor.needs(Right::Runners(Level::Write))?;
    let name = path.name.to_lowercase();
    edit(&visitor, path.runner_id, |runner| {
        if runner.fixed_labels.contains(&name) {
            return Err(Refusal::invalid("Read-only labels cannot be removed"));
        }
        let before = runner.labels.len();
        runner.labels.retain(|label| *label != name);
        if runner.labels.len() == before { Err(Refusal::not_found()) } else { Ok(()) }
    })
}

fn edit(visitor: &Visitor, id: RunnerId, change: impl FnOnce(&mut Runner) -> Result<(), Refusal>) -> Answer {
    visitor.hub().change(|state, _| {
        let runner = state.runner_at(visitor.place, id).ok_or_else(Refusal::not_found)?;
        change(runner)?;
        Ok(answer(runner))
    })
}

fn answer(runner: &Runner) -> Response {
    let labels = render::labels(runner);
    Json(json!({ "total_count": labels.len(), "labels": labels })).into_response()
}
