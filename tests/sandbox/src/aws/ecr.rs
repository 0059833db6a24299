//! The container registry: repositories, and images by tag and by digest.

mod images;
mod model;

use super::shared::Shared;
use super::wire::{Answer, Refusal, Request};

pub use model::Image;
pub(crate) use model::Registry;

pub(crate) fn answer(shared: &Shared, request: &Request) -> Result<Answer, Refusal> {
    let (config, mut state) = (&shared.config, shared.state());
    let registry = &mut state.registry;
    let answer = match request.operation.as_str() {
        "DescribeRepositories" => images::repositories(registry, config, &request.input()?)?,
        "DescribeImages" => images::describe(registry, config, &request.input()?)?,
        "ListImages" => images::list(registry, config, &request.input()?)?,
        "BatchGetImage" => images::batch_get(registry, config, &request.input()?)?,
        "BatchDeleteImage" => images::batch_delete(registry, config, &request.input()?)?,
        "ListTagsForResource" => images::tags(registry, config, &request.input()?)?,
        _ => return Err(request.unknown()),
    };
    Ok(Answer::Json(answer))
}
