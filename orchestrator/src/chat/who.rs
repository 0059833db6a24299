//! Who may command: by what GitHub knows of them, never by `author_association`.
//!
//! That one calls an organisation's private members and owners CONTRIBUTOR or NONE, and members without any right in the
//! repository MEMBER. What cannot be found out is refused.

use std::fmt;

use crate::error::Error;
use crate::github::{GitHub, GitHubError, Membership, Permission};

/// Whom commands are taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allow {
    /// Who may write to the repository.
    Write,
    /// Who maintains it.
    Maintain,
    /// Who administers it.
    Admin,
    /// Members of this organisation.
    OrgMember(String),
}

impl Allow {
    /// Reads `write`, `maintain`, `admin`, `org-member` (of the repository's owner) or `org-member:ORG`.
    ///
    /// # Errors
    /// What is right.
    pub fn read(text: &str, owner: &str) -> Result<Self, String> {
        match text.split_once(':').unwrap_or((text, "")) {
            ("write", "") => Ok(Self::Write),
            ("maintain", "") => Ok(Self::Maintain),
            ("admin", "") => Ok(Self::Admin),
            ("org-member", "") => Ok(Self::OrgMember(owner.to_owned())),
            ("org-member", org) => Ok(Self::OrgMember(org.to_owned())),
            _ => Err(format!(
                "\"{text}\" does not say who may command; write write, maintain, admin, org-member or org-member:ORG"
            )),
        }
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write => f.write_str("who may write to this repository"),
            Self::Maintain => f.write_str("who maintains this repository"),
            Self::Admin => f.write_str("who administers this repository"),
            Self::OrgMember(org) => write!(f, "members of {org}"),
        }
    }
}

/// What was found out about a person, or why it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Their permission.
    Permission(Permission),
    /// Their membership.
    Membership(Membership),
    /// GitHub did not tell.
    Unknown(String),
}

/// Whether they may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They may.
    Allowed,
    /// They may not, and why.
    Refused(String),
    /// Nobody can tell, and why: they may not.
    CannotTell(String),
}

/// Asks GitHub for what the rule needs to know, and judges.
pub async fn may(github: &GitHub, allow: &Allow, login: &str) -> Verdict {
    let fact = match allow {
        Allow::OrgMember(org) => github.membership(org, login).await.map(Fact::Membership),
        Allow::Write | Allow::Maintain | Allow::Admin => github.permission(login).await.map(Fact::Permission),
    };
    judge(allow, &fact.unwrap_or_else(|fault: GitHubError| Fact::Unknown(Error::from(fault).paragraph())))
}

/// Whether one of whom this is known may command.
pub fn judge(allow: &Allow, fact: &Fact) -> Verdict {
    let granted = match (allow, fact) {
        (_, Fact::Unknown(why)) => return Verdict::CannotTell(format!("GitHub did not say who may command: {why}")),
        (Allow::OrgMember(_), Fact::Membership(Membership::Unknown)) => {
            return Verdict::Refused(format!("only {allow} may command, and the token that asks may not see them"));
        }
        (Allow::OrgMember(_), Fact::Membership(membership)) => *membership == Membership::Member,
        (Allow::Write, Fact::Permission(held)) => is_one_of(&held.permission, &["write", "maintain", "admin"]),
        // `permission` calls maintainers writers; a role of the organisation's own tells nothing here and is refused.
        (Allow::Maintain, Fact::Permission(held)) => {
            is_one_of(&held.role_name, &["maintain", "admin"]) || held.permission == "admin"
        }
        (Allow::Admin, Fact::Permission(held)) => held.permission == "admin",
        _ => return Verdict::CannotTell("something else was found out than was to be known".to_owned()),
    };
    if granted { Verdict::Allowed } else { Verdict::Refused(format!("only {allow} may command")) }
}

fn is_one_of(held: &str, names: &[&str]) -> bool {
    names.contains(&held)
}

#[cfg(test)]
mod tests {
    use super::{Allow, Fact, Verdict, judge, may};
    use crate::github::{GitHub, Membership, Permission};
    use crate::http::Http;
    use crate::http::scripted::{Act, Server};
    use contract::{Credential, Scope, Secret};
    use serde_json::json;

    fn holds(permission: &str, role: &str) -> Fact {
        Fact::Permission(Permission { permission: permission.to_owned(), role_name: role.to_owned() })
    }

    fn org() -> Allow {
        Allow::OrgMember("octo".to_owned())
    }

    #[test]
    fn rules_allow_exactly_those_whom_they_name() {
        let cases = [
            (Allow::Write, holds("admin", "admin"), true),
            (Allow::Write, holds("write", "write"), true),
            (Allow::Write, holds("write", "maintain"), true),
            (Allow::Write, holds("write", "deployer"), true),
            (Allow::Write, holds("read", "triage"), false),
            (Allow::Write, holds("read", "read"), false),
            (Allow::Write, holds("none", "none"), false),
            (Allow::Write, holds("", ""), false),
            (Allow::Write, holds("read", "write"), false),
            (Allow::Maintain, holds("write", "maintain"), true),
            (Allow::Maintain, holds("admin", "admin"), true),
            (Allow::Maintain, holds("write", "write"), false),
            (Allow::Maintain, holds("write", "deployer"), false),
            (Allow::Admin, holds("admin", "admin"), true),
            (Allow::Admin, holds("write", "maintain"), false),
            (org(), Fact::Membership(Membership::Member), true),
            (org(), Fact::Membership(Membership::NotMember), false),
            (org(), Fact::Membership(Membership::Unknown), false),
        ];
        for (allow, fact, may) in cases {
            let verdict = judge(&allow, &fact);
            assert_eq!(verdict == Verdict::Allowed, may, "{allow:?} {fact:?}");
            assert!(may || matches!(verdict, Verdict::Refused(_)), "{verdict:?}");
        }
    }

    #[test]
    fn what_is_not_known_or_does_not_fit_is_never_allowed() {
        let cases = [
            (Allow::Write, Fact::Unknown("GitHub failed".to_owned())),
            (org(), Fact::Unknown("GitHub failed".to_owned())),
            (org(), holds("admin", "admin")),
            (Allow::Write, Fact::Membership(Membership::Member)),
        ];
        for (allow, fact) in cases {
            assert!(matches!(judge(&allow, &fact), Verdict::CannotTell(_)), "{allow:?} {fact:?}");
        }
    }

    #[test]
    fn rules_are_read_as_they_are_written_and_nothing_else_is() {
        assert_eq!(Allow::read("write", "octo"), Ok(Allow::Write));
        assert_eq!(Allow::read("org-member", "octo"), Ok(org()));
        assert_eq!(Allow::read("org-member:acme", "octo"), Ok(Allow::OrgMember("acme".to_owned())));
        for text in ["", "read", "everyone", "write:octo", "Write"] {
            assert!(Allow::read(text, "octo").is_err(), "{text}");
        }
    }

    async fn asked(allow: &Allow, answer: Act) -> Verdict {
        let server = Server::start([answer]).await;
        let http = Http::from_vars(&|_| None).expect("no settings");
        let scope = Scope::repo("octo/demo").expect("a repository");
        let token = Credential::Token(Secret::new("t"));
        let github = GitHub::for_pull_requests(http, &server.url("").parse().expect("a URL"), token, scope);
        may(&github.expect("a client"), allow, "ann").await
    }

    fn refuse(status: u16) -> Act {
        Act::json(status, json!({ "message": "no" }))
    }

    #[tokio::test]
    async fn answers_of_github_that_are_no_yes_refuse() {
        let user = json!({ "permission": "write", "role_name": "write", "user": null });
        assert_eq!(asked(&Allow::Write, Act::json(200, user)).await, Verdict::Allowed);
        assert!(matches!(asked(&Allow::Write, refuse(404)).await, Verdict::Refused(_)));
        for status in [401, 403, 301, 418] {
            assert!(matches!(asked(&Allow::Write, refuse(status)).await, Verdict::CannotTell(_)), "{status}");
            assert!(matches!(asked(&org(), refuse(status)).await, Verdict::CannotTell(_)), "{status}");
        }
        assert_eq!(asked(&org(), Act::Answer(204, Vec::new(), String::new())).await, Verdict::Allowed);
        assert!(matches!(asked(&org(), refuse(404)).await, Verdict::Refused(_)));
        let elsewhere = vec![("location", "https://api.github.com/orgs/octo/public_members/ann".to_owned())];
        let seen = asked(&org(), Act::Answer(302, elsewhere, String::new())).await;
        assert!(matches!(seen, Verdict::Refused(why) if why.contains("may not see them")));
    }
}
