//! What routes are made of, for tests.

use std::time::Duration;

use crate::alb::{HealthCheck, ListenerArn, Rule, RuleArn, Tags, TargetGroupArn, TargetType};
use crate::model::Place;
use crate::preview::slot::{PullNumber, Slot};
use crate::route::judge::Tagged;
use crate::route::{Band, Host, RouteOwner, RouteSpec};

pub(crate) const HOST: &str = "pr-7.previews.example.com";

pub(crate) fn listener() -> ListenerArn {
    ListenerArn::new("arn:aws:elasticloadbalancing:eu-central-1:1:listener/app/shared/1/2")
}

pub(crate) fn owner(repo: &str, pr: u64) -> RouteOwner {
    let pr = PullNumber::new(pr).expect("a number");
    RouteOwner { place: Place::cluster("1", "eu-central-1", "mayfly"), slot: Slot { repo: repo.to_owned(), pr } }
}

pub(crate) fn spec() -> RouteSpec {
    let owner = owner("octo/demo", 7);
    RouteSpec {
        host: Host::of(owner.slot.pr, "previews.example.com").expect("a host"),
        owner,
        listener: listener(),
        target_type: TargetType::Ip,
        health: HealthCheck::of("/health"),
        band: Band::new(100, 103).expect("a band"),
        drain: Duration::from_secs(5),
        tags: Tags::new(),
    }
}

pub(crate) fn group_arn(name: &str) -> TargetGroupArn {
    TargetGroupArn::new(format!("arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/{name}/1"))
}

/// A rule for [`HOST`] that forwards to group `mf-1`.
pub(crate) fn rule(name: &str, priority: Option<u32>, tags: Tags) -> Tagged<Rule> {
    let rule = Rule {
        arn: RuleArn::new(name),
        priority,
        hosts: vec![HOST.to_owned()],
        target_groups: vec![group_arn("mf-1")],
    };
    Tagged { object: rule, tags }
}
