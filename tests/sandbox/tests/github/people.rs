//! Who somebody is, what they may do, and whether they belong.

use sandbox::github::{Access, Level, Membership, Pat, Repo, Role};
use serde_json::json;

use crate::world::{World, repo};

fn permission(login: &str) -> String {
    format!("/repos/octo/demo/collaborators/{login}/permission")
}

#[test]
fn permission_has_the_older_word_and_the_role_has_the_true_one() {
    let world = World::of_people();
    let job = world.job(&[]);
    let cases = [
        (Role::from(Access::Admin), "admin", "admin"),
        (Access::Maintain.into(), "write", "maintain"),
        (Access::Write.into(), "write", "write"),
        (Access::Triage.into(), "read", "triage"),
        (Access::None.into(), "none", "none"),
        (Role::custom("release-captain", Access::Write), "write", "release-captain"),
    ];
    for (role, permission_word, role_name) in cases {
        world.github.set_role("octo/demo", "stranger", role);
        let told = job.get(&permission("Stranger")).body;
        assert_eq!((&told["permission"], &told["role_name"]), (&json!(permission_word), &json!(role_name)));
        assert_eq!(told["user"]["login"], "stranger");
    }
}

#[test]
fn who_has_no_role_in_a_private_repository_is_not_found_and_reads_in_a_public_one() {
    let world = World::of_people();
    world.github.add_repo(Repo { public: true, ..repo(5, "open") });
    let job = world.job(&[]);
    assert_eq!([job.get(&permission("stranger")).status, job.get(&permission("nobody")).status], [404, 404]);
    let admin = world.admin();
    assert_eq!(admin.get("/repos/octo/open/collaborators/stranger/permission").body["permission"], "read");
    assert_eq!(admin.get("/repos/octo/open/collaborators/nobody/permission").status, 404);
}

#[test]
fn only_who_may_push_can_ask_for_the_permission_of_others() {
    let world = World::of_people();
    assert_eq!(world.user("mona").get(&permission("hubot")).body["permission"], "read");
    let reader = world.user("hubot").get(&permission("mona"));
    assert_eq!((reader.status, reader.message()), (403, "Must have push access to view collaborator permission."));
    assert_eq!(world.user("stranger").get(&permission("mona")).status, 404, "the repository is private");
}

#[test]
fn membership_is_told_to_members_only_and_others_are_sent_to_the_public_list() {
    let world = World::of_people();
    let insiders = [world.user("mona"), world.app(&[("members", Level::Read)])];
    for insider in insiders {
        let told =
            ["mona", "hubot", "stranger"].map(|login| insider.get(&format!("/orgs/octo/members/{login}")).status);
        assert_eq!(told, [204, 204, 404]);
    }
    for outsider in [world.job(&[("contents", Level::Write)]), world.user("stranger")] {
        let sent = outsider.get("/orgs/octo/members/mona");
        assert_eq!(sent.status, 302);
        let place = sent.header("location").strip_prefix(&outsider.url).unwrap().to_owned();
        assert_eq!(place, "/orgs/octo/public_members/mona");
        assert_eq!(outsider.get(&place).status, 404, "a private member is no public one");
        assert_eq!(outsider.get("/orgs/octo/public_members/hubot").status, 204);
    }
}

#[test]
fn app_without_the_permission_for_members_is_refused() {
    let world = World::of_people();
    let refused = world.app(&[("issues", Level::Write)]).get("/orgs/octo/members/mona");
    assert_eq!((refused.status, refused.message()), (403, "Resource not accessible by integration"));
}

#[test]
fn member_that_left_is_no_member() {
    let world = World::of_people();
    world.github.set_member("octo", "stranger", Membership::Public);
    assert_eq!(world.admin().get("/orgs/octo/members/stranger").status, 204);
    world.github.forget_member("octo", "stranger");
    assert_eq!(world.admin().get("/orgs/octo/members/stranger").status, 404);
}

#[test]
fn users_know_who_they_are_and_apps_do_not() {
    let world = World::of_people();
    assert_eq!(world.user("mona").get("/user").body["login"], "mona");
    let (app, job) = (world.app(&[("issues", Level::Write)]), world.job(&[("issues", Level::Write)]));
    for bot in [&app, &job] {
        assert_eq!(bot.get("/user").message(), "Resource not accessible by integration");
    }
    assert_eq!(app.get("/users/previewer%5Bbot%5D").body["type"], "Bot");
    assert_eq!(job.get("/users/github-actions%5Bbot%5D").body["id"], 41_898_282);
    assert_eq!(job.get("/users/who").status, 404);
}

#[test]
fn token_of_a_user_does_no_more_than_its_user_may() {
    let world = World::of_people();
    let pat = Pat::fine_grained(77, &[("statuses", Level::Write), ("deployments", Level::Write)]);
    let reader = world.client(&world.github.add_pat_of("hubot", pat, None));
    let body = json!({ "ref": "main", "required_contexts": [], "auto_merge": false });
    assert_eq!(reader.post("/repos/octo/demo/deployments", &body).status, 403);
    assert_eq!(reader.get("/repos/octo/demo/deployments").status, 200);
}
