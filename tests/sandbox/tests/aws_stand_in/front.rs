//! Targets and their health, and requests through the load balancer.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;

use sandbox::aws::{AwsConfig, Pace, TargetHealth, fixture};

use crate::query::{all, one};
use crate::world::{DEADLINE, World};

const HOST: &str = "pr-7.preview.example.test";

/// A server on this machine that answers every request with a status and counts them. 0: it answers nothing.
#[derive(Clone)]
struct Backend {
    port: u16,
    status: Arc<AtomicU16>,
    checks: Arc<AtomicUsize>,
}

impl Backend {
    fn start(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let backend = Self { port, status: Arc::new(status.into()), checks: Arc::default() };
        let own = backend.clone();
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| own.answer(stream)));
        backend
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        if head.contains("ELB-HealthChecker") {
            self.checks.fetch_add(1, Ordering::SeqCst);
        }
        let status = self.status.load(Ordering::SeqCst);
        if status == 0 {
            // Kept open and silent.
            std::mem::forget(stream);
            return;
        }
        let text = format!("{}\n{head}", self.port);
        let length = text.len();
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}");
        let _ = stream.write_all(answer.as_bytes());
    }
}

/// A world with one rule for [`HOST`] and a group; edits of rules count at once.
struct Front {
    world: World,
    group: String,
    rule: String,
}

impl Front {
    fn new() -> Self {
        let pace = Pace {
            probe_interval: Some(Duration::from_millis(10)),
            probe_timeout: Some(Duration::from_millis(150)),
            rule_delay: Duration::ZERO,
            gateway_timeout: Duration::from_millis(300),
            ..Pace::default()
        };
        let world = World::with(AwsConfig { pace, ..AwsConfig::default() });
        let group = world.create_group("g", &[]).unwrap();
        let rule = world.create_rule(1, HOST, &group).unwrap();
        Self { world, group, rule }
    }

    fn targets(&self, operation: &str, port: u16) -> Result<String, crate::query::Refused> {
        let port = port.to_string();
        let target = [("Targets.member.1.Id", "127.0.0.1"), ("Targets.member.1.Port", port.as_str())];
        let group = ("TargetGroupArn", self.group.as_str());
        self.world.elb(operation, &[target.as_slice(), &[group]].concat())
    }

    /// State and reason, as DescribeTargetHealth tells them.
    fn health(&self, port: u16) -> (String, String) {
        let xml = self.targets("DescribeTargetHealth", port).unwrap();
        (one(&xml, "State"), all(&xml, "Reason").first().cloned().unwrap_or_default())
    }

    fn until(&self, port: u16, condition: impl Fn(&TargetHealth) -> bool) {
        let met = self.world.runtime.block_on(self.world.aws.wait_until(DEADLINE, |aws| {
            let groups = aws.target_groups();
            groups.iter().flat_map(|group| &group.targets).any(|one| one.port == port && condition(&one.health))
        }));
        assert!(met, "{:#?}", self.world.aws.target_groups());
    }

    fn get(&self, host: &str) -> (u16, String) {
        let agent = crate::world::browser();
        let mut answer =
            agent.get(format!("{}/page?x=1", self.world.aws.alb_url())).header("host", host).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }
}

fn is_ill(health: &TargetHealth) -> bool {
    matches!(health, TargetHealth::Unhealthy(..))
}

#[test]
fn target_gets_requests_after_its_first_passed_check_and_only_for_its_host() {
    let front = Front::new();
    let backend = Backend::start(200);
    assert_eq!(front.get(HOST).0, 503, "there is no target yet");
    assert_eq!(front.get("pr-8.preview.example.test"), (404, "no such preview".to_owned()));
    front.targets("RegisterTargets", backend.port).unwrap();
    front.until(backend.port, |health| *health == TargetHealth::Healthy);
    assert_eq!(front.health(backend.port), ("healthy".to_owned(), String::new()));
    let (status, body) = front.get("PR-7.preview.example.test:443");
    assert_eq!(status, 200);
    assert!(body.contains("GET /page?x=1 HTTP/1.1") && body.to_lowercase().contains("x-forwarded-for: 127.0.0.1"));
}

#[test]
fn group_that_no_rule_forwards_to_is_not_in_use_and_not_checked() {
    let front = Front::new();
    let backend = Backend::start(200);
    front.world.elb("DeleteRule", &[("RuleArn", &front.rule)]).unwrap();
    front.targets("RegisterTargets", backend.port).unwrap();
    assert_eq!(front.health(backend.port), ("unused".to_owned(), "Target.NotInUse".to_owned()));
    assert_eq!(front.health(1), ("unused".to_owned(), "Target.NotRegistered".to_owned()));
    front.world.create_rule(2, HOST, &front.group).unwrap();
    front.until(backend.port, |health| *health == TargetHealth::Healthy);
    assert!(backend.checks.load(Ordering::SeqCst) > 0);
}

#[test]
fn ill_target_tells_why_and_is_tried_when_there_is_no_other() {
    let front = Front::new();
    let backend = Backend::start(500);
    front.targets("RegisterTargets", backend.port).unwrap();
    front.until(backend.port, is_ill);
    assert_eq!(front.health(backend.port).1, "Target.ResponseCodeMismatch");
    assert_eq!(front.get(HOST).0, 500, "a load balancer without a healthy target fails open");
    backend.status.store(0, Ordering::SeqCst);
    front.until(backend.port, |health| matches!(health, TargetHealth::Unhealthy("Target.Timeout", _)));
    assert_eq!(front.get(HOST).0, 504);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    front.targets("DeregisterTargets", backend.port).unwrap();
    front.targets("RegisterTargets", nobody).unwrap();
    front.until(nobody, |health| matches!(health, TargetHealth::Unhealthy("Target.FailedHealthChecks", _)));
    assert_eq!(front.get(HOST).0, 502);
}

#[test]
fn deregistered_target_drains_gets_nothing_and_is_gone() {
    let front = Front::new();
    let (old, new) = (Backend::start(200), Backend::start(200));
    let pace = Pace { drain: Some(Duration::from_secs(60)), ..front.world.aws.config().pace };
    front.world.aws.set_pace(pace);
    for backend in [&old, &new] {
        front.targets("RegisterTargets", backend.port).unwrap();
        front.until(backend.port, |health| *health == TargetHealth::Healthy);
    }
    let both: std::collections::BTreeSet<String> =
        (0..4).map(|_| front.get(HOST).1.lines().next().unwrap().to_owned()).collect();
    assert_eq!(both.len(), 2, "healthy targets take turns");
    front.targets("DeregisterTargets", old.port).unwrap();
    front.targets("DeregisterTargets", 1).unwrap();
    assert_eq!(front.health(old.port), ("draining".to_owned(), "Target.DeregistrationInProgress".to_owned()));
    assert!((0..4).all(|_| front.get(HOST).1.starts_with(&new.port.to_string())));
    front.world.aws.set_pace(front.world.aws.config().pace);
    front.targets("DeregisterTargets", new.port).unwrap();
    let gone = front.world.runtime.block_on(
        front
            .world
            .aws
            .wait_until(DEADLINE, |aws| !aws.target_groups()[0].targets.iter().any(|target| target.port == new.port)),
    );
    assert!(gone);
}

#[test]
fn edit_of_a_rule_takes_effect_after_its_delay() {
    let front = Front::new();
    let pace = Pace { rule_delay: Duration::from_secs(60), ..front.world.aws.config().pace };
    front.world.aws.set_pace(pace);
    front.world.elb("DeleteRule", &[("RuleArn", &front.rule)]).unwrap();
    front.world.create_rule(2, "late.example.test", &front.group).unwrap();
    assert_eq!(front.get(HOST).0, 503, "the old rule still routes");
    assert_eq!(front.get("late.example.test").0, 404, "the new one does not yet");
    front.world.aws.set_pace(Pace { rule_delay: Duration::ZERO, ..pace });
    front.world.create_rule(3, "x.example.test", &front.group).unwrap();
    assert_eq!((front.get(HOST).0, front.get("late.example.test").0), (404, 503));
}

#[test]
fn public_addresses_unknown_instances_and_mixed_up_kinds_are_no_targets() {
    let front = Front::new();
    let instances = front.world.create_group("i", &[("TargetType", "instance")]).unwrap();
    let register = |group: &str, id: &str| {
        let fields = [("TargetGroupArn", group), ("Targets.member.1.Id", id)];
        front.world.elb("RegisterTargets", &fields).map(|_| ()).map_err(|refused| refused.code)
    };
    let refused = |code: &str| Err(code.to_owned());
    assert_eq!(register(&front.group, "8.8.8.8"), refused("InvalidTarget"));
    assert_eq!(register(&front.group, "i-0a1b2c3d4e5f60718"), refused("ValidationError"));
    assert_eq!(register(&instances, "i-0000000000000000"), refused("InvalidTarget"));
    assert_eq!(register(&instances, "127.0.0.1"), refused("ValidationError"));
    assert!(front.world.aws.target_groups().iter().all(|group| group.targets.is_empty()));
    assert_eq!((register(&front.group, "10.1.2.3"), register(&instances, "i-0a1b2c3d4e5f60718")), (Ok(()), Ok(())));
    assert_eq!(register("arn:aws:elasticloadbalancing:none", "10.1.2.3"), refused("TargetGroupNotFound"));
    assert_eq!(front.world.aws.target_groups()[1].targets[0].port, 8_080);
}

#[test]
fn upgraded_connection_passes_bytes_both_ways() {
    let front = Front::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // To a health check this is an answer; to a client it is a new protocol, in which everything comes back.
    std::thread::spawn(move || {
        listener.incoming().flatten().for_each(|mut stream| {
            std::thread::spawn(move || {
                let mut head = [0; 4_096];
                let count = stream.read(&mut head).unwrap();
                let upgrade = String::from_utf8_lossy(&head[..count]).contains("Upgrade: echo");
                let status = if upgrade { "101 Switching Protocols" } else { "200 OK" };
                write!(stream, "HTTP/1.1 {status}\r\n\r\n").unwrap();
                let mut byte = [0];
                while upgrade && stream.read_exact(&mut byte).is_ok() {
                    stream.write_all(&byte).unwrap();
                }
            });
        });
    });
    front.targets("RegisterTargets", port).unwrap();
    front.until(port, |health| *health == TargetHealth::Healthy);
    let mut client = TcpStream::connect(front.world.aws.alb_url().trim_start_matches("http://")).unwrap();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    write!(client, "GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n").unwrap();
    let expected = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
    let mut told = vec![0; expected.len()];
    client.read_exact(&mut told).unwrap();
    assert_eq!(told, expected);
    for word in [b"once", b"more"] {
        client.write_all(word).unwrap();
        let mut back = [0; 4];
        client.read_exact(&mut back).unwrap();
        assert_eq!(&back, word);
    }
}

#[test]
fn task_answers_through_the_load_balancer_at_its_private_address() {
    let pace = Pace { rule_delay: Duration::ZERO, ..Pace::default() };
    let world = World::with(AwsConfig { pace, ..crate::containers::account() });
    let (group, app) = (world.create_group("g", &[]).unwrap(), fixture::image("app:v1"));
    let rule = world.create_rule(1, HOST, &group).unwrap();
    let front = Front { world, group, rule };
    let environment = serde_json::json!([{ "name": "APP_VERSION", "value": "one" }]);
    let app = serde_json::json!({ "name": "app", "image": app, "environment": environment });
    let task = front.world.until_running(&front.world.start_containers(&[app]));
    let fields = [("TargetGroupArn", front.group.as_str()), ("Targets.member.1.Id", task.address().unwrap())];
    front.world.elb("RegisterTargets", &fields).unwrap();
    front.until(8_080, |health| *health == TargetHealth::Healthy);
    assert!(front.get("pr-7.preview.example.test").0 == 404, "the application has no such page");
    let mut page = crate::world::browser().get(front.world.aws.alb_url()).header("host", HOST).call().unwrap();
    assert!(page.body_mut().read_to_string().unwrap().contains("<b id=\"version\">one</b>"));
    front.world.stop(&task.arn);
    front.world.until_stopped(&task.arn);
    front.until(8_080, is_ill);
    assert_eq!(front.get(HOST).0, 502, "nobody has taken the stale target away");
}
