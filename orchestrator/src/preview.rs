//! Previews: a pull request's app as one ECS task under a lease, with a URL, that dies on its own.
//!
//! Reading order: [`slot`] (what has one URL), [`lease`] (how long), [`observed`] (what a task tells about its preview), [`plan`]
//! (pure decisions: who is replaced, what a pass mends), [`template`] and [`definition`] (what the app is), [`launch`] (exactly one
//! task), [`up`] (all of it), [`story`] and [`publish`] (what the pull request is told).

pub mod definition;
pub mod hands;
pub mod launch;
pub mod lease;
pub mod obituary;
pub mod observed;
pub mod overrides;
pub mod plan;
pub mod publish;
pub mod shape;
pub mod slot;
pub mod story;
pub mod supervise;
pub mod template;
pub mod up;
