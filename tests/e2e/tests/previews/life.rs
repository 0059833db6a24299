//! The life of a preview on Fargate, from its start to its end.

use contract::exit::AppCause;
use contract::tags;
use e2e::World;
use e2e::preview::App;
use sandbox::github::DeploymentState;
use serde_json::json;

#[test]
fn preview_answers_at_its_public_address_and_says_so_everywhere() {
    let (world, pull) = World::with_app(&App::default().env("APP_VERSION", "blue"));
    let up = world.up(pull, "--output json").succeeds();

    let (answer, task) = (up.json(), world.only_preview());
    let url = answer["url"].as_str().expect("there is a URL").to_owned();
    assert_eq!(url, format!("http://{}:8080", task.address().expect("it has a network of its own")));
    world.assert_serves(&url, "blue");

    assert_eq!(answer["repo"], "octo/demo");
    assert_eq!(answer["pr"], json!(pull.number));
    assert_eq!(
        (&answer["mode"], &answer["adopted"], &answer["replaced"]),
        (&json!("fargate"), &json!(false), &json!([]))
    );
    assert_eq!(answer["task_arn"], json!(task.arn));
    assert!(answer["price_per_hour"].as_f64().is_some_and(|usd| usd > 0.01), "{answer}");
    assert_eq!((up.output("url"), up.output("task-arn")), (url.as_str(), task.arn.as_str()));

    let head = world.sandbox.github.issue(pull).and_then(|issue| issue.pull).expect("it is a pull request");
    for (tag, value) in [
        (tags::KIND, tags::KIND_PREVIEW),
        (tags::REPO, "octo/demo"),
        (tags::PR, &pull.number.to_string()),
        (tags::SHA, head.head()),
        (tags::URL, &url),
        (tags::ID, answer["id"].as_str().expect("it has an id")),
    ] {
        assert_eq!(task.tag(tag), Some(value), "{tag}");
    }
    assert_eq!(task.tag(tags::EXPIRES_AT), answer["expires_at"].as_str());
    assert!(world.sticky(pull).contains(&url), "{}", world.sticky(pull));
    let deployment = world.sandbox.github.deployments().pop().expect("a deployment was made");
    assert_eq!((deployment.state(), deployment.url()), (Some(DeploymentState::Success), Some(url.as_str())));

    world.down(pull);
    assert!(world.page(&url).is_none());
    world.finish();
}

#[test]
fn preview_is_listed_and_its_url_and_log_are_found() {
    let (world, pull) = World::with_app(&App::default().env("APP_LOG_LINES", "3"));
    let up = world.up(pull, "").succeeds();
    let rows = world.step("preview list --output json").succeeds().json();
    let [row] = rows.as_array().expect("it is a list").as_slice() else { panic!("{rows}") };
    assert_eq!((&row["state"], &row["pr"]), (&json!("ready"), &json!(pull.number)));
    assert_eq!(row["url"], up.output("url"));
    assert_eq!(world.preview("url", pull).succeeds().stdout.trim(), up.output("url"));
    assert!(world.preview("logs", pull).succeeds().stdout.contains("standin-app: line 2"));

    world.down(pull);

    world.preview("url", pull).fails(6);
    assert_eq!(world.step("preview list --output json").succeeds().json(), json!([]));
    let all = world.step("preview list --all --output json").succeeds().json();
    assert_eq!(all[0]["state"], "ended", "{all}");
    world.finish();
}

#[test]
fn preview_dies_at_its_lease_and_wait_hands_out_the_certificate() {
    let (world, pull) = World::with_app(&App::default());
    let up = world.up(pull, "--ttl 2s").succeeds();
    let wait = world.preview("wait --output json", pull).succeeds().json();
    assert_eq!(wait["state"], "ended");
    let task = world.ended(up.task_arn());
    assert_eq!(task.container("app").and_then(|app| app.exit_code), Some(124));
    assert_eq!(world.app_end(&task).cause, AppCause::Ttl);
    let sticky = world.sticky(pull);
    for word in ["lease", "USD", "preview up"] {
        assert!(sticky.contains(word), "nothing about \"{word}\": {sticky}");
    }
    let deployment = world.sandbox.github.deployments().pop().expect("a deployment was made");
    assert_eq!(deployment.shown_state(), "destroyed");
    world.down(pull);
    world.finish();
}

#[test]
fn down_after_the_task_is_gone_removes_what_it_made() {
    let (world, pull) = World::with_app(&App::default());
    let up = world.up(pull, &world.by_alb()).succeeds();
    world.assert_serves(up.output("url"), "Stand-in");
    world.sandbox.aws.strike(up.task_arn(), sandbox::aws::Disaster::HostLost);
    world.ended(up.task_arn());
    assert_eq!(world.sandbox.aws.rules().len(), 1);
    world.down(pull);
    assert!(world.sticky(pull).contains("preview up"), "{}", world.sticky(pull));
    world.down(pull);
    world.finish();
}
