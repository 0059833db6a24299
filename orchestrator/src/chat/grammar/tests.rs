//! What is a command, what is not, and that nothing in between is taken for one.

use std::time::Duration;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{Command, Dialect, Heard, NamedSha, Size, Up, read};

fn heard(body: &str) -> Heard {
    read(body, &Dialect::default())
}

fn understood(body: &str) -> Command {
    match heard(body) {
        Heard::Command(command) => command,
        other => panic!("{body:?}: {other:?}"),
    }
}

fn up(body: &str) -> Up {
    match understood(body) {
        Command::Up(up) => up,
        other => panic!("{body:?}: {other:?}"),
    }
}

#[test]
fn commands_are_understood() {
    let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
    let cases = [
        ("/preview up", Command::Up(Up::default())),
        ("/preview extend", Command::Extend(None)),
        ("/preview extend 2h", Command::Extend(hours(2))),
        ("/preview down", Command::Down),
        ("/preview status", Command::Status),
        ("/preview validate", Command::Validate),
        ("/preview help", Command::Help),
        ("/testenv up", Command::Up(Up::default())),
        ("/testenv down", Command::Down),
        ("/preview  \t down", Command::Down),
        ("/preview down  ", Command::Down),
        ("/preview down\n", Command::Down),
        ("/preview down\r\n", Command::Down),
        ("/preview down \t\r\n\r\n\n", Command::Down),
    ];
    for (body, expected) in cases {
        assert_eq!(understood(body), expected, "{body:?}");
    }
}

#[test]
fn everything_that_up_takes_is_read_in_any_order() {
    let both = [
        "/preview up 0123ABC ttl=1h30m size=small A=1 B_2=x=y",
        "/preview up B_2=x=y size=small A=1 ttl=1h30m 0123abc",
    ];
    for body in both {
        let up = up(body);
        assert_eq!(up.sha.as_ref().map(NamedSha::as_str), Some("0123abc"));
        assert_eq!(up.ttl, Some(Duration::from_secs(5400)));
        assert_eq!(up.size, Some(Size::Small));
        let env: Vec<_> = up.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(env, ["A=1", "B_2=x=y"]);
    }
    assert_eq!(up("/preview up size=1024:2048").size.map(Size::units), Some((1024, 2048)));
}

#[test]
fn superset_features_become_the_variables_of_the_dialect() {
    let command = "/testenv up FEATURE_DASHBOARD_NATIVE_FILTERS=true FEATURE_Y=False";
    let names = |up: Up| up.env.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
    assert_eq!(names(up(command)), ["SUPERSET_FEATURE_DASHBOARD_NATIVE_FILTERS=true", "SUPERSET_FEATURE_Y=False"]);
    let own = Dialect { feature_prefix: "ACME_".to_owned() };
    let Heard::Command(Command::Up(up)) = read("/testenv up FEATURE_X=1", &own) else { panic!("not understood") };
    assert_eq!(names(up), ["ACME_X=1"]);
    // To /preview a feature is a variable as any other.
    let Command::Up(plain) = understood("/preview up FEATURE_X=1") else { panic!("not understood") };
    assert_eq!(names(plain), ["FEATURE_X=1"]);
}

#[test]
fn comments_of_others_are_nothing_for_us() {
    let bodies = [
        "",
        "looks good",
        " /preview up",
        "\t/preview up",
        "    /preview up",
        "\n/preview up",
        "\r\n/preview up",
        "> /preview up",
        ">/preview up",
        "`/preview up`",
        "```\n/preview up\n```",
        "~~~\n/preview up\n~~~",
        "<!-- /preview up -->",
        "- /preview up",
        "please /preview up",
        "/preview up\nplease",
        "/preview up\r\nplease",
        "/preview up\rplease",
        "/preview up\n\n> /preview up",
        "/preview up\n/preview down",
        "/preview up\n<!-- x -->",
        "/preview\nup",
        "/previewer up",
        "/preview-foo",
        "/previews",
        "/preview/up",
        "/Preview up",
        "/PREVIEW UP",
        "//preview up",
        "\\/preview up",
        "/testenvironment up",
        "/ preview up",
        // A zero-width space, a byte-order mark, a no-break space, a Cyrillic e, a fullwidth and a fraction slash.
        "\u{200b}/preview up",
        "\u{feff}/preview up",
        "/pre\u{200b}view up",
        "/preview\u{a0}up",
        "/pr\u{435}view up",
        "\u{ff0f}preview up",
        "\u{2044}preview up",
        "/preview up\u{0}",
        "/preview up\u{b}",
        "/preview up\u{85}x",
    ];
    for body in bodies {
        assert_eq!(heard(body), Heard::Nothing, "{body:?}");
    }
}

#[test]
fn commands_that_cannot_be_understood_say_why_and_how() {
    let cases = [
        ("/preview", "no command"),
        ("/preview upp", "\"upp\""),
        ("/preview UP", "\"UP\""),
        ("/preview up\u{200b}", "\"up?\""),
        ("/preview up\u{a0}", "\"up?\""),
        ("/preview down now", "\"now\""),
        ("/preview help me", "\"me\""),
        ("/preview looks great, thanks!", "\"looks\""),
        ("/preview up 012345", "neither a commit"),
        ("/preview up 0123abg", "neither a commit"),
        ("/preview up main", "neither a commit"),
        ("/preview up 01234567890123456789012345678901234567890", "neither a commit"),
        ("/preview up 0123abc 0123abd", "the commit is given twice"),
        ("/preview up ttl=", "not a duration"),
        ("/preview up ttl=0", "not a duration"),
        ("/preview up ttl=0h", "not a duration"),
        ("/preview up ttl=-1h", "not a duration"),
        ("/preview up ttl=30", "not a duration"),
        ("/preview up ttl=2H", "not a duration"),
        ("/preview up ttl=2h ttl=3h", "ttl is given twice"),
        ("/preview up size=tiny", "not a size"),
        ("/preview up size=1:1", "not a size"),
        ("/preview up size=+512:1024", "not a size"),
        ("/preview up size=99999999999:1024", "not a size"),
        ("/preview up lower=1", "not the name of a variable"),
        ("/preview up =1", "not the name of a variable"),
        ("/preview up 1A=1", "not the name of a variable"),
        ("/preview up A=1 A=2", "A is given twice"),
        ("/preview up A=\u{e9}", "plain characters"),
        ("/preview up LD_PRELOAD=/tmp/x.so", "cannot be set"),
        ("/preview up AWS_ACCESS_KEY_ID=x", "cannot be set"),
        ("/preview up PATH=/tmp", "cannot be set"),
        ("/preview extend 0s", "not a duration"),
        ("/preview extend 2h 3h", "one word too many"),
        ("/preview extend 9x", "not a duration"),
        ("/testenv", "no command"),
        ("/testenv extend", "\"extend\""),
        ("/testenv up X=1", "not a feature"),
        ("/testenv up FEATURE_=1", "not a feature"),
        ("/testenv up FEATURE_X-Y=1", "not a feature"),
        ("/testenv up FEATURE_X=maybe", "no value of a feature"),
        ("/testenv up FEATURE_X=$(id)", "no value of a feature"),
    ];
    for (body, part) in cases {
        let Heard::Malformed(fault) = heard(body) else { panic!("{body:?}: {:?}", heard(body)) };
        assert!(fault.why.contains(part), "{body:?}: {}", fault.why);
        assert!(fault.usage.starts_with('/'), "{body:?}");
    }
}

#[test]
fn variables_stay_below_what_ecs_takes_for_all_overrides() {
    let many: String = (0..31).map(|number| format!(" V{number}=x")).collect();
    let long = format!("/preview up A={}", "x".repeat(129));
    for body in [format!("/preview up{many}"), long] {
        assert!(matches!(heard(&body), Heard::Malformed(_)), "{body}");
    }
    let longest: String = (10..40).map(|number| format!(" V{number}{}={}", "N".repeat(61), "x".repeat(128))).collect();
    assert!(
        up(&format!("/preview up{longest}")).env.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
            < 8192
    );
}

#[test]
fn lease_beyond_all_measure_is_read_and_left_to_the_cap() {
    assert_eq!(up("/preview up ttl=9999h").ttl, Some(Duration::from_secs(9999 * 3600)));
}

/// Pieces that comments are made of, put together at random.
fn bodies() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("/preview"),
        Just("/testenv"),
        Just("/"),
        Just("up"),
        Just("down"),
        Just("extend"),
        Just(" "),
        Just("  "),
        Just("\t"),
        Just("\n"),
        Just("\r\n"),
        Just("\r"),
        Just("> "),
        Just("```"),
        Just("~~~"),
        Just("`"),
        Just("<!--"),
        Just("-->"),
        Just("    "),
        Just("ttl=2h"),
        Just("ttl="),
        Just("size=small"),
        Just("0123abc"),
        Just("A=1"),
        Just("FEATURE_X=true"),
        Just("@octo"),
        Just("\u{200b}"),
        Just("\u{a0}"),
        Just("\u{435}"),
        Just("<details>"),
        Just("\u{0}"),
        Just("\u{1b}[0m"),
        Just("\u{1f600}"),
        Just("="),
        Just("-"),
    ];
    let made = proptest::collection::vec(pieces.prop_map(str::to_owned), 0..12).prop_map(|pieces| pieces.concat());
    prop_oneof![3 => made, 1 => any::<String>(), 1 => any::<String>().prop_map(|tail| format!("/preview up{tail}"))]
}

/// What must hold of a body that is a command, said in another way than the reader does.
fn stands_alone(body: &str) -> bool {
    let mut lines = body.split('\n');
    let first = lines.next().unwrap_or_default().trim_end_matches('\r');
    let begins = ["/preview ", "/preview\t", "/testenv ", "/testenv\t"].iter().any(|begin| first.starts_with(begin));
    let visible = first.chars().all(|c| c == '\t' || (' '..='~').contains(&c));
    begins && visible && lines.all(|line| line.trim_matches([' ', '\t', '\r']).is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bodies_are_commands_only_where_they_stand_alone(body in bodies()) {
        match heard(&body) {
            Heard::Command(_) => prop_assert!(stands_alone(&body), "{body:?}"),
            Heard::Malformed(fault) => {
                prop_assert!(body.starts_with("/preview") || body.starts_with("/testenv"), "{body:?}");
                prop_assert!(fault.why.len() < 200 && !fault.why.contains(['@', '`', '<', '\n']), "{}", fault.why);
            }
            Heard::Nothing => {}
        }
    }

    #[test]
    fn random_bodies_behind_a_quote_a_fence_or_an_indent_are_nothing(body in bodies()) {
        for wrapped in [
            format!("> {body}"),
            format!("```\n{body}\n```"),
            format!("~~~ sh\n{body}\n~~~"),
            format!("    {body}"),
            format!("<!--\n{body}\n-->"),
            format!("I said:\n{body}"),
            format!("`{body}`"),
        ] {
            prop_assert_eq!(heard(&wrapped), Heard::Nothing, "{:?}", wrapped);
        }
    }
}
