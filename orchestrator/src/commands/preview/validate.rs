//! `mayfly preview validate`: looks whether previews could be launched here. Each line is ok, a warning, or a fix.

use std::fmt::Write as _;
use std::net::ToSocketAddrs as _;
use std::time::SystemTime;

use serde::Serialize;

use super::super::Context;
use super::super::context::no_aws;
use super::order::Order;
use super::scene;
use crate::acm::Acm;
use crate::alb::{Alb, Listener, LoadBalancer};
use crate::cli::preview::ValidateArgs;
use crate::ec2::Ec2;
use crate::ecr::{Ecr, ImageRef};
use crate::error::Error;
use crate::output::answer_as;
use crate::phases::Phases;
use crate::preview::hands::{Hands, Road};
use crate::preview::story::markdown::fence;
use crate::route::Room;

/// Fewer addresses than a few tasks need.
const FEW_ADDRESSES: u32 = 5;

/// How a look ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Good.
    Ok,
    /// It works, and will not for long, or nobody can tell.
    Warning,
    /// It cannot work.
    Fix,
}

/// One look.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// At what.
    pub what: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What was seen.
    pub seen: String,
    /// What to do, where something is to be done.
    pub fix: Option<String>,
}

/// Looks, and prints what was seen.
///
/// # Errors
/// Bad settings, or at least one look that says "fix".
pub async fn run(args: &ValidateArgs, context: &Context<'_>) -> Result<(), Error> {
    let (order, faults) = Order::resolve(&args.place, &args.launch, &args.image, &[], context)?;
    faults.into_result(Some(()))?;
    let checks = look(&order, context).await?;
    answer(&checks, context)
}

/// Prints what was seen.
///
/// # Errors
/// At least one look says "fix".
pub fn answer(checks: &[Check], context: &Context<'_>) -> Result<(), Error> {
    answer_as(context.output, &checks, || text(checks));
    match checks.iter().filter(|check| check.outcome == Outcome::Fix).count() {
        0 => Ok(()),
        count => Err(Error::Other(format!("{count} of {} checks say that a preview cannot work", checks.len()))),
    }
}

/// Looks at everything.
///
/// # Errors
/// AWS cannot be logged in to.
pub async fn look(order: &Order, context: &Context<'_>) -> Result<Vec<Check>, Error> {
    let aws = order.place.aws.as_ref().ok_or_else(no_aws)?;
    let hands = scene::hands(aws, order.config.road(), None, context, &Phases::default()).await?;
    let mut looks = Looks { order, hands: &hands, checks: Vec::new() };
    looks.note("login", Ok(format!("as {}", hands.aws.caller.arn)));
    looks.cluster().await;
    looks.subnets().await;
    looks.image().await;
    looks.roles();
    if let Some(road) = &hands.road {
        looks.road(road).await;
    }
    Ok(looks.checks)
}

struct Looks<'l> {
    order: &'l Order,
    hands: &'l Hands,
    checks: Vec<Check>,
}

/// What a look has seen, or what is wrong and how to mend it.
type Seen = Result<String, (String, Option<String>)>;

fn refused(fault: impl Into<Error>) -> (String, Option<String>) {
    let fault = fault.into();
    (fault.paragraph(), fault.fix())
}

impl Looks<'_> {
    fn note(&mut self, what: &str, seen: Seen) {
        let (outcome, seen, fix) = match seen {
            Ok(seen) => (Outcome::Ok, seen, None),
            Err((seen, fix)) => (Outcome::Fix, seen, fix),
        };
        self.checks.push(Check { what: what.to_owned(), outcome, seen, fix });
    }

    fn warn(&mut self, what: &str, seen: String, fix: &str) {
        self.checks.push(Check { what: what.to_owned(), outcome: Outcome::Warning, seen, fix: Some(fix.to_owned()) });
    }

    async fn cluster(&mut self) {
        let live = self.hands.previews(crate::preview::hands::Ended::Left).await;
        self.note("cluster", live.map(|live| format!("{} previews live", live.len())).map_err(refused));
    }

    async fn subnets(&mut self) {
        let Some(network) = &self.order.config.network else { return };
        let ec2 = Ec2::new(&self.hands.aws);
        match ec2.subnets(&network.subnets).await {
            Err(fault) => self.note("subnets", Err(refused(fault))),
            Ok(subnets) => {
                let free: u32 = subnets.iter().map(|subnet| subnet.free).sum();
                let seen = format!("{} with {free} free addresses", subnets.len());
                if free < FEW_ADDRESSES {
                    self.warn("subnets", seen, "each task takes an address: name larger subnets, or more of them");
                } else {
                    self.note("subnets", Ok(seen));
                }
            }
        }
        let groups = ec2.security_groups(&network.security_groups).await;
        if !network.security_groups.is_empty() {
            self.note("security groups", groups.map(|groups| format!("{} found", groups.len())).map_err(refused));
        }
        if self.order.config.fork_security_groups.is_empty() {
            self.warn("forks", "get no preview".to_owned(), "name a security group for them: --fork-security-groups");
        } else {
            let groups = ec2.security_groups(&self.order.config.fork_security_groups).await;
            self.note("forks", groups.map(|_| "have a network of their own".to_owned()).map_err(refused));
        }
    }

    async fn image(&mut self) {
        let Some(pattern) = self.order.image.clone() else {
            return self.warn("image", "none is named".to_owned(), "name one: --image, or MAYFLY_PREVIEW_IMAGE");
        };
        if pattern.contains('{') {
            return self.note("image", Ok(format!("{pattern}, which each pull request fills in")));
        }
        let seen = match pattern.parse::<ImageRef>() {
            Err(fault) => Err((fault.to_string(), None)),
            Ok(image) => self.look_at_image(&image).await,
        };
        self.note("image", seen);
    }

    async fn look_at_image(&self, image: &ImageRef) -> Seen {
        let Some(registry) = Ecr::of(&self.hands.aws, image) else {
            return Ok(format!("{image}, at a registry that is not looked at"));
        };
        let found = match (&image.digest, image.tag_or_default()) {
            (Some(digest), _) => registry.check_digest(digest).await.map(|()| digest.clone()),
            (None, tag) => registry.digest(tag.unwrap_or("latest")).await,
        };
        found.map(|digest| format!("{image} is {digest}")).map_err(refused)
    }

    /// Who may pass a role is seen at RunTask alone; which roles are meant is seen here.
    fn roles(&mut self) {
        let template = &self.order.template;
        let role = |role: &Option<String>| role.clone().unwrap_or_else(|| "none".to_owned());
        let seen = format!("execution {}, task {}", role(&template.execution_role), role(&template.task_role));
        match template.task_role {
            Some(_) => self.note("roles", Ok(seen)),
            None => self.warn(
                "roles",
                seen,
                "without a task role that may ecs:ListTagsForResource, leases cannot be renewed on Fargate",
            ),
        }
    }

    async fn road(&mut self, road: &Road) {
        let Road { alb, listener } = road;
        let found = alb.describe_listener(listener).await;
        let listener: Listener = match found {
            Err(fault) => return self.note("listener", Err(refused(fault))),
            Ok(listener) => listener,
        };
        self.note("listener", Ok(format!("{} on port {}", listener.protocol, listener.port)));
        match Room::of(alb, &listener).await {
            Err(fault) => self.note("room", Err(refused(fault))),
            Ok(room) => match (room.check(), room.warning()) {
                (Err(fault), _) => self.note("room", Err(refused(fault))),
                (Ok(()), Some(warning)) => self.warn("room", warning, "use another load balancer before it is full"),
                (Ok(()), None) => self.note("room", Ok(format!("{} more previews", room.left()))),
            },
        }
        let Some(domain) = self.order.config.base_domain.clone() else { return };
        let host = format!("pr-0.{domain}");
        self.certificate(alb, &listener, &host).await;
        match alb.describe_load_balancer(&listener.load_balancer).await {
            Err(fault) => self.note("load balancer", Err(refused(fault))),
            Ok(balancer) => self.balancer(&balancer, &host).await,
        }
    }

    async fn certificate(&mut self, alb: &Alb, listener: &Listener, host: &str) {
        if listener.protocol != "HTTPS" {
            return self.warn("certificate", "the listener speaks plain HTTP".to_owned(), "name the HTTPS listener");
        }
        let arns = match alb.describe_listener_certificates(&listener.arn).await {
            Err(fault) => return self.note("certificate", Err(refused(fault))),
            Ok(arns) => arns,
        };
        let acm = Acm::new(&self.hands.aws);
        let mut names = Vec::new();
        for arn in arns.iter().filter(|arn| Acm::knows(arn)) {
            match acm.describe_certificate(arn).await {
                Err(fault) => return self.note("certificate", Err(refused(fault))),
                Ok(found) if found.serves(host, SystemTime::now()) => {
                    return self.note("certificate", Ok(format!("{} covers {host}", found.names.join(", "))));
                }
                Ok(found) => names.extend(found.names),
            }
        }
        let fix =
            format!("add a certificate for *.{} to the listener", host.split_once('.').map_or("", |(_, rest)| rest));
        self.note("certificate", Err((format!("none covers {host}; there is: {}", names.join(", ")), Some(fix))));
    }

    async fn balancer(&mut self, balancer: &LoadBalancer, host: &str) {
        self.note("load balancer", Ok(format!("{} is {}", balancer.name, balancer.state)));
        self.dns(balancer, host);
        let (Some(network), Some(entrance)) = (&self.order.config.network, &self.order.template.entrance) else {
            return;
        };
        let Ok(groups) = Ec2::new(&self.hands.aws).security_groups(&network.security_groups).await else { return };
        if !groups.is_empty() && !groups.iter().any(|group| group.may_let_in(entrance.port, &balancer.security_groups))
        {
            let fix = format!("let {} in to port {}", balancer.security_groups.join(", "), entrance.port);
            self.note(
                "reach",
                Err(("the task's security groups let the load balancer's in nowhere".to_owned(), Some(fix))),
            );
        }
    }

    /// A wildcard record has to lead to the load balancer: both names must have an address in common.
    fn dns(&mut self, balancer: &LoadBalancer, host: &str) {
        let addresses = |name: &str| -> Vec<_> {
            (name, 443).to_socket_addrs().map(|found| found.map(|address| address.ip()).collect()).unwrap_or_default()
        };
        let (own, theirs) = (addresses(host), addresses(&balancer.dns_name));
        let fix = format!(
            "make a wildcard record *.{} that points to {}",
            host.split_once('.').map_or("", |(_, rest)| rest),
            balancer.dns_name
        );
        match (own.is_empty(), own.iter().any(|address| theirs.contains(address))) {
            (true, _) => self.warn("DNS", format!("{host} does not resolve here"), &fix),
            (false, true) => self.note("DNS", Ok(format!("{host} leads to the load balancer"))),
            (false, false) => self.warn("DNS", format!("{host} leads elsewhere"), &fix),
        }
    }
}

fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Warning => "warn",
        Outcome::Fix => "FIX",
    }
}

fn text(checks: &[Check]) -> String {
    let mut text = String::new();
    for Check { what, outcome, seen, fix } in checks {
        let _ = writeln!(text, "{:<5} {what:<15} {seen}", mark(*outcome));
        if let Some(fix) = fix {
            let _ = writeln!(text, "      {:<15} → {fix}", "");
        }
    }
    text
}

/// The same for a comment.
pub fn markdown(checks: &[Check]) -> String {
    fence(&text(checks).lines().collect::<Vec<_>>())
}
