//! Routes against moto, whose Elastic Load Balancing refuses what AWS refuses: `PriorityInUse`, `ResourceInUse`.
//!
//! Left out where no moto server is named. Each test has a load balancer of its own:
//! `moto_server -H 127.0.0.1 -p 5555 & AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
//! MAYFLY_TEST_MOTO=http://127.0.0.1:5555 cargo test -p orchestrator --test moto`

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use orchestrator::alb::{Alb, HealthCheck, ListenerArn, LoadBalancerArn, NewRule, Tags, Target, TargetType};
use orchestrator::aws::Aws;
use orchestrator::aws::query::{Done, Parameters, QueryOperation, QueryService};
use orchestrator::config::aws::{AwsLogin, AwsPlace};
use orchestrator::http::Http;
use orchestrator::model::Place;
use orchestrator::phases::Phases;
use orchestrator::preview::slot::{PullNumber, Slot};
use orchestrator::route::{Band, Host, Route, RouteError, RouteOwner, RouteSpec, removal, room::Room};
use serde::Deserialize;

const REGION: &str = "us-east-1";
const ELB: QueryService = QueryService::ELB;
const EC2: QueryService = QueryService::EC2;

/// A listener of a new load balancer.
struct Stage {
    http: Http,
    aws: Aws,
    alb: Alb,
    load_balancer: LoadBalancerArn,
    listener: ListenerArn,
    vpc: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Made {
    vpc: Id,
    subnet: Id,
    #[serde(rename = "LoadBalancers")]
    load_balancers: Members,
    #[serde(rename = "Listeners")]
    listeners: Members,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Id {
    vpc_id: String,
    subnet_id: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Members {
    member: Vec<Arns>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arns {
    #[serde(rename = "LoadBalancerArn")]
    load_balancer: String,
    #[serde(rename = "ListenerArn")]
    listener: String,
}

async fn make(aws: &Aws, service: QueryService, name: &'static str, form: Parameters) -> Made {
    let operation = QueryOperation { service, name, repeatable: false };
    aws.query(operation, "the stage", &form).await.expect(name)
}

impl Stage {
    async fn new(name: &str) -> Option<Self> {
        let Ok(url) = std::env::var("MAYFLY_TEST_MOTO") else {
            return None;
        };
        let http = Http::from_vars(&|_| None).expect("no proxy");
        let vars = move |name: &str| (name == "AWS_ENDPOINT_URL").then(|| url.clone());
        let place = AwsPlace { region: REGION.to_owned(), cluster: "mayfly".to_owned(), login: AwsLogin::Chain };
        // The SDK's own client for STS reads the process's environment; ours reads what it is given.
        let aws = Aws::connect(&place, &http, &vars, &Phases::default()).await.expect("moto's STS");
        let vpc = make(&aws, EC2, "CreateVpc", Parameters::default().with("CidrBlock", "10.0.0.0/16")).await.vpc.vpc_id;
        let subnet = |zone: &str, range: &str| {
            Parameters::default().with("VpcId", &vpc).with("CidrBlock", range).with("AvailabilityZone", zone)
        };
        let first = make(&aws, EC2, "CreateSubnet", subnet("us-east-1a", "10.0.1.0/24")).await.subnet.subnet_id;
        let second = make(&aws, EC2, "CreateSubnet", subnet("us-east-1b", "10.0.2.0/24")).await.subnet.subnet_id;
        let suffix = uuid::Uuid::new_v4().simple().to_string();
        let form = Parameters::default()
            .with("Name", format!("{name}-{}", &suffix[..8]))
            .with_list("Subnets.member", [first, second]);
        let made = make(&aws, ELB, "CreateLoadBalancer", form).await;
        let load_balancer = LoadBalancerArn::new(&made.load_balancers.member[0].load_balancer);
        let form = Parameters::default()
            .with("LoadBalancerArn", load_balancer.as_str())
            .with("Protocol", "HTTP")
            .with("Port", "80")
            .with("DefaultActions.member.1.Type", "fixed-response")
            .with("DefaultActions.member.1.FixedResponseConfig.StatusCode", "404")
            .with("DefaultActions.member.1.FixedResponseConfig.ContentType", "text/plain")
            .with("DefaultActions.member.1.FixedResponseConfig.MessageBody", "nothing here");
        let made = make(&aws, ELB, "CreateListener", form).await;
        let listener = made.listeners.member[0].listener.parse().expect("a listener's ARN");
        Some(Self { http, alb: Alb::new(&aws), aws, load_balancer, listener, vpc })
    }

    fn owner(&self, pr: u64) -> RouteOwner {
        let pr = PullNumber::new(pr).expect("a number");
        RouteOwner {
            place: Place::cluster("123456789012", REGION, "mayfly"),
            slot: Slot { repo: "octo/demo".to_owned(), pr },
        }
    }

    fn spec(&self, pr: u64, band: Band) -> RouteSpec {
        let owner = self.owner(pr);
        RouteSpec {
            host: Host::of(owner.slot.pr, "previews.example.com").expect("a host"),
            owner,
            listener: self.listener.clone(),
            target_type: TargetType::Ip,
            health: HealthCheck::of("/health"),
            band,
            drain: Duration::from_secs(5),
            tags: Tags::from([("mayfly:sha".to_owned(), "a".repeat(40))]),
        }
    }

    /// Priorities of all rules but the default one.
    async fn priorities(&self) -> Vec<u32> {
        let rules = self.alb.describe_rules(&self.listener).await.expect("rules");
        rules.iter().filter_map(|rule| rule.priority).collect()
    }

    async fn group_count(&self) -> usize {
        self.alb.describe_target_groups(Some(&self.load_balancer)).await.expect("groups").len()
    }
}

/// As many priorities as there are routes: each but the first few has to probe.
fn narrow(count: u32) -> Band {
    Band::new(100, 99 + count).expect("a band")
}

#[tokio::test]
async fn second_call_adopts_what_the_first_one_made() {
    let Some(stage) = Stage::new("twice").await else { return };
    let mut spec = stage.spec(1, Band::default());
    let first = Route::ensure(&stage.alb, &spec).await.expect("a route");
    assert_eq!(first.url, "http://pr-1.previews.example.com");
    spec.health.path = "/other".to_owned();
    spec.tags.insert("mayfly:sha".to_owned(), "b".repeat(40));
    let second = Route::ensure(&stage.alb, &spec).await.expect("the same route");
    assert_eq!(first, second);
    assert_eq!(stage.priorities().await, [first.priority]);
    let group = &stage.alb.describe_target_groups(Some(&stage.load_balancer)).await.expect("groups")[0];
    assert_eq!((group.health.path.as_str(), group.health.healthy), ("/other", 2));
    for arn in [first.rule.as_str(), first.target_group.as_str()] {
        let tags = &stage.alb.describe_tags(&[arn]).await.expect("tags")[arn];
        assert_eq!(tags["mayfly:sha"], "b".repeat(40));
        assert_eq!(tags["mayfly:kind"], "preview");
    }
}

#[tokio::test]
async fn priority_that_is_taken_is_passed_over_and_its_rule_left() {
    let Some(stage) = Stage::new("probe").await else { return };
    let (spec, mut own) = (stage.spec(1, narrow(3)), Vec::new());
    let order: Vec<u32> = spec.band.sequence(&spec.owner, &spec.listener).collect();
    let other = Route::ensure(&stage.alb, &stage.spec(2, Band::default())).await.expect("a route");
    for priority in &order[..2] {
        let host = format!("other-{priority}.example.com");
        let tags = Tags::new();
        let group = &other.target_group;
        let new =
            NewRule { listener: &stage.listener, priority: *priority, host: &host, target_group: group, tags: &tags };
        own.push(stage.alb.create_rule(&new).await.expect("a rule").arn);
        let fault = stage.alb.create_rule(&new).await.expect_err("the same priority again");
        assert_eq!(fault.code.as_deref(), Some("PriorityInUse"));
    }
    let route = Route::ensure(&stage.alb, &spec).await.expect("a route");
    assert_eq!(route.priority, order[2]);
    let fault = Route::ensure(&stage.alb, &stage.spec(3, narrow(3))).await.expect_err("a full band");
    assert!(matches!(fault, RouteError::NoPriority(_)), "{fault}");
    removal::remove(&stage.alb, &stage.listener, &stage.owner(1)).await.expect("a removal");
    let rules = stage.alb.describe_rules(&stage.listener).await.expect("rules");
    assert!(own.iter().all(|arn| rules.iter().any(|rule| rule.arn == *arn)));
}

#[tokio::test]
async fn rule_of_somebody_else_with_the_host_is_named_and_left() {
    let Some(stage) = Stage::new("taken").await else { return };
    let other = Route::ensure(&stage.alb, &stage.spec(2, Band::default())).await.expect("a route");
    let (tags, host) = (Tags::new(), "PR-1.previews.example.com");
    let new = NewRule { listener: &stage.listener, priority: 7, host, target_group: &other.target_group, tags: &tags };
    let theirs = stage.alb.create_rule(&new).await.expect("a rule").arn;
    let fault = Route::ensure(&stage.alb, &stage.spec(1, Band::default())).await.expect_err("a taken host");
    assert!(fault.to_string().contains(theirs.as_str()) && fault.fix().is_some(), "{fault}");
    let removed = removal::remove(&stage.alb, &stage.listener, &stage.owner(1)).await.expect("a removal");
    assert_eq!((removed.rules.len(), removed.target_groups.len()), (0, 1));
    assert!(stage.priorities().await.contains(&7));
}

#[tokio::test]
async fn twenty_at_once_get_twenty_priorities() {
    let Some(stage) = Stage::new("twenty").await else { return };
    let stage = Arc::new(stage);
    let tasks: Vec<_> = (1..=20)
        .map(|pr| {
            let stage = Arc::clone(&stage);
            tokio::spawn(async move { Route::ensure(&stage.alb, &stage.spec(pr, narrow(20))).await })
        })
        .collect();
    let mut priorities = BTreeSet::new();
    for task in tasks {
        priorities.insert(task.await.expect("no panic").expect("a route").priority);
    }
    assert_eq!(priorities, (100..=119).collect());
    assert_eq!(stage.priorities().await.len(), 20);
    for pr in 1..=20 {
        removal::remove(&stage.alb, &stage.listener, &stage.owner(pr)).await.expect("a removal");
    }
    assert!(stage.priorities().await.is_empty());
}

#[tokio::test]
async fn ten_at_once_for_one_slot_come_to_one_rule_and_one_group() {
    let Some(stage) = Stage::new("one").await else { return };
    let stage = Arc::new(stage);
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let stage = Arc::clone(&stage);
            tokio::spawn(async move { Route::ensure(&stage.alb, &stage.spec(1, narrow(4))).await })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic").expect("a route");
    }
    assert_eq!(stage.priorities().await.len(), 1);
    assert_eq!(stage.group_count().await, 1);
}

#[tokio::test]
async fn of_two_rules_of_one_slot_the_lowest_stays() {
    let Some(stage) = Stage::new("surplus").await else { return };
    let spec = stage.spec(1, Band::default());
    let route = Route::ensure(&stage.alb, &spec).await.expect("a route");
    let (host, tags) = (spec.host.as_str(), spec.all_tags());
    let new = NewRule { listener: &stage.listener, priority: 50, host, target_group: &route.target_group, tags: &tags };
    let lowest = stage.alb.create_rule(&new).await.expect("a rule");
    let again = Route::ensure(&stage.alb, &spec).await.expect("a route");
    assert_eq!((again.rule, again.priority), (lowest.arn, 50));
    assert_eq!(stage.priorities().await, [50]);
}

/// Gives up as soon as so many requests were sent: what a killed process has done.
async fn killed_after(stage: &Stage, requests: u64, spec: &RouteSpec) -> Option<Route> {
    let until = stage.http.stats().requests + requests;
    let killed = async {
        while stage.http.stats().requests < until {
            tokio::task::yield_now().await;
        }
        // The last one is on its way; whether it arrives is open, as it is with a real death.
    };
    tokio::select! {
        route = Route::ensure(&stage.alb, spec) => Some(route.expect("a route")),
        () = killed => None,
    }
}

#[tokio::test]
async fn process_killed_after_any_request_leaves_what_the_next_one_adopts_and_removal_removes() {
    let Some(stage) = Stage::new("killed").await else { return };
    let spec = stage.spec(1, Band::default());
    let mut killed = 0;
    loop {
        let done = killed_after(&stage, killed + 1, &spec).await.is_some();
        let route = Route::ensure(&stage.alb, &spec).await.expect("a route");
        assert_eq!(stage.priorities().await, [route.priority], "killed after {} requests", killed + 1);
        assert_eq!(stage.group_count().await, 1);
        removal::remove(&stage.alb, &stage.listener, &spec.owner).await.expect("a removal");
        // And without the second call: nothing but a removal comes after the death.
        killed_after(&stage, killed + 1, &spec).await;
        until_quiet(&stage, &spec).await;
        assert!(stage.priorities().await.is_empty(), "killed after {} requests", killed + 1);
        if done {
            break;
        }
        killed += 1;
    }
    assert!(killed > 8, "each request of a new route was the last one once: {killed}");
}

/// A request that was on its way may arrive after the removal looked: the next pass finds what it made.
async fn until_quiet(stage: &Stage, spec: &RouteSpec) {
    let mut quiet = 0;
    while quiet < 3 {
        let removed = removal::remove(&stage.alb, &stage.listener, &spec.owner).await.expect("a removal");
        quiet = if removed.is_empty() { quiet + 1 } else { 0 };
    }
}

#[tokio::test]
async fn removal_leaves_nothing_whatever_is_missing_already() {
    let Some(stage) = Stage::new("removal").await else { return };
    let (alb, listener, owner) = (&stage.alb, &stage.listener, stage.owner(1));
    let target = Target { id: "10.0.1.7".to_owned(), port: 8080 };
    let route = Route::ensure(alb, &stage.spec(1, Band::default())).await.expect("a route");
    route.attach(alb, &target).await.expect("a target");
    route.attach(alb, &target).await.expect("the same target");
    assert_eq!(route.targets(alb).await.expect("targets").len(), 1);
    let in_use = alb.delete_target_group(&route.target_group).await.expect_err("a rule forwards to it");
    assert_eq!(in_use.code.as_deref(), Some("ResourceInUse"));
    let found = removal::find(alb, listener, &owner.place).await.expect("routes");
    assert_eq!((found.len(), found[&owner.slot].rules.len(), found[&owner.slot].target_groups.len()), (1, 1, 1));
    let removed = removal::remove(alb, listener, &owner).await.expect("a removal");
    assert_eq!(removed.rules, std::slice::from_ref(&route.rule));
    assert_eq!(removed.targets, std::slice::from_ref(&target));
    assert!(removal::remove(alb, listener, &owner).await.expect("nothing to remove").is_empty());
    route.detach(alb, &target).await.expect("nothing to detach");
    // Each half alone: a process died between the two.
    let route = Route::ensure(alb, &stage.spec(1, Band::default())).await.expect("a route");
    alb.delete_rule(&route.rule).await.expect("a removal");
    alb.delete_rule(&route.rule).await.expect("nothing to remove");
    let removed = removal::remove(alb, listener, &owner).await.expect("the other half");
    assert_eq!((removed.rules.len(), removed.target_groups.len()), (0, 1));
    assert!(stage.priorities().await.is_empty());
    assert!(alb.target_group(&group_name(&stage, 1)).await.expect("an answer").is_none());
}

fn group_name(stage: &Stage, pr: u64) -> String {
    orchestrator::route::names::target_group(&stage.owner(pr), &stage.listener, TargetType::Ip)
}

#[tokio::test]
async fn change_of_target_type_keeps_the_rule_and_removal_finds_both_groups() {
    let Some(stage) = Stage::new("types").await else { return };
    let mut spec = stage.spec(1, Band::default());
    let first = Route::ensure(&stage.alb, &spec).await.expect("a route");
    spec.target_type = TargetType::Instance;
    let second = Route::ensure(&stage.alb, &spec).await.expect("a route");
    assert_eq!(first.rule, second.rule);
    assert_ne!(first.target_group, second.target_group);
    let rules = stage.alb.describe_rules(&stage.listener).await.expect("rules");
    let rule = rules.iter().find(|rule| rule.arn == first.rule).expect("the rule");
    assert_eq!(rule.target_groups, [second.target_group]);
    let removed = removal::remove(&stage.alb, &stage.listener, &stage.owner(1)).await.expect("a removal");
    assert_eq!(removed.target_groups.len(), 2);
}

#[tokio::test]
async fn room_is_counted_and_missing_listeners_are_told_with_a_fix() {
    let Some(stage) = Stage::new("room").await else { return };
    Route::ensure(&stage.alb, &stage.spec(1, Band::default())).await.expect("a route");
    let listener = stage.alb.describe_listener(&stage.listener).await.expect("a listener");
    let room = Room::of(&stage.alb, &listener).await.expect("room");
    assert_eq!((room.rules, room.target_groups, room.left()), (1, 1, 99));
    assert_eq!(stage.alb.describe_load_balancer(&stage.load_balancer).await.expect("it").vpc, stage.vpc);
    let gone = ListenerArn::new(format!("{}0", stage.listener));
    let fault = stage.alb.describe_listener(&gone).await.expect_err("no such listener");
    assert_eq!(fault.code.as_deref(), Some("ListenerNotFound"));
    assert!(fault.fix.is_some());
    let gone = QueryOperation { service: EC2, name: "DescribeNetworkInterfaces", repeatable: true };
    let form = Parameters::default().with("NetworkInterfaceId.1", "eni-0123456789abcdef0");
    let fault = stage.aws.query::<Done>(gone, "it", &form).await.expect_err("no such interface");
    assert_eq!(fault.kind, orchestrator::aws::AwsErrorKind::NotFound);
}
