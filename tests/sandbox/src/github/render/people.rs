//! Users, bots and roles as GitHub's JSON.

use serde_json::{Value, json};

use super::{ACCOUNT_LINKS, MADE_AT, account, add_links, app as own_app, node_id};
use crate::github::directory::Account;
use crate::github::people::{ACTIONS_APP, Access, Role, User};
use crate::github::state::State;

pub(crate) fn user(user: &User, base: &str) -> Value {
    // The name in addresses of bots has its brackets escaped; the path of their page names the App.
    let url = format!("{base}/users/{}", user.login.replace('[', "%5B").replace(']', "%5D"));
    let page = match user.login.strip_suffix("[bot]") {
        Some(slug) => format!("{base}/apps/{slug}"),
        None => format!("{base}/{}", user.login),
    };
    let mut body = json!({
        "login": user.login,
        "id": user.id,
        "node_id": node_id("U", user.id),
        "avatar_url": format!("{base}/avatars/{}", user.id),
        "gravatar_id": "",
        "url": url,
        "html_url": page,
        "type": user.kind.name(),
        "user_view_type": "public",
        "site_admin": false,
    });
    add_links(&mut body, ACCOUNT_LINKS, &url);
    body
}

/// The account of a login, or `null` where it is gone.
pub(crate) fn login(state: &State, login: &str, base: &str) -> Value {
    state.user(login).map_or(Value::Null, |found| user(&found, base))
}

/// What `GET /users/…` adds.
pub(crate) fn profile(of: &User, base: &str) -> Value {
    let mut body = user(of, base);
    for name in ["name", "company", "blog", "location", "email", "hireable", "bio", "twitter_username"] {
        body[name] = Value::Null;
    }
    for name in ["public_repos", "public_gists", "followers", "following"] {
        body[name] = 0.into();
    }
    for name in ["created_at", "updated_at"] {
        body[name] = MADE_AT.into();
    }
    body
}

pub(crate) fn permission(of: &User, role: &Role, base: &str) -> Value {
    let mut shown = user(of, base);
    let may = |access| role.access >= access;
    shown["permissions"] = json!({
        "admin": may(Access::Admin),
        "maintain": may(Access::Maintain),
        "push": may(Access::Write),
        "triage": may(Access::Triage),
        "pull": may(Access::Read),
    });
    shown["role_name"] = role.name.clone().into();
    json!({ "permission": role.access.permission(), "role_name": role.name, "user": shown })
}

/// `performed_via_github_app`: `null` where a person's token wrote.
pub(crate) fn via(state: &State, id: Option<u64>, base: &str) -> Value {
    match id {
        Some(ACTIONS_APP) => actions_app(base),
        Some(id) => state.app(id).map_or(Value::Null, |app| own_app(app, base)),
        None => Value::Null,
    }
}

fn actions_app(base: &str) -> Value {
    let owner = Account { id: 9_919, login: "github".to_owned() };
    json!({
        "id": ACTIONS_APP,
        "slug": "github-actions",
        "node_id": node_id("A", ACTIONS_APP),
        "owner": account(&owner, base),
        "name": "GitHub Actions",
        "description": "Automate your workflow from idea to production",
        "external_url": base,
        "html_url": format!("{base}/apps/github-actions"),
        "created_at": MADE_AT,
        "updated_at": MADE_AT,
        "permissions": {},
        "events": [],
    })
}
