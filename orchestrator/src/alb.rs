//! Application load balancers: the calls, each mapped to our own terms. They decide nothing.
//!
//! `client` has the way to AWS, `listeners`, `groups` and `rules` the operations, `explain` the fix for each refusal.

pub mod arn;
mod client;
mod explain;
pub mod groups;
pub mod health;
pub mod listeners;
pub mod rules;
mod xml;

pub use arn::{ArnError, ListenerArn, LoadBalancerArn, RuleArn, TargetGroupArn};
pub use client::{Alb, Tags};
pub use groups::{HealthCheck, NewTargetGroup, TargetGroup, TargetType};
pub use health::{Target, TargetHealth, TargetState};
pub use listeners::{Limits, Listener, LoadBalancer};
pub use rules::{NewRule, Rule};
