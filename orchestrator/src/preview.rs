//! Previews: an app of one pull request, under a lease, with a URL.
//!
//! [`template`] is what an app is, [`definition`] what is registered at ECS for one image, [`overrides`] which variables a
//! comment may set, [`supervise`] what PID 1 is told about one launch.

pub mod definition;
pub mod overrides;
pub mod supervise;
pub mod template;
