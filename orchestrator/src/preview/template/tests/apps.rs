//! Which container is the app, where it is reached, and what must fit together.

use super::super::{Essential, Image, Template};
use super::{assert_refused, faults, from_compose, from_toml};

fn of(services: &str, lines: &str) -> Result<Template, crate::config::ConfigError> {
    from_compose(lines, &format!("services: {{{services}}}"), None)
}

#[test]
fn app_is_the_one_that_is_named_or_stands_out() {
    let cases = [
        ("web: {image: a}", "", "web"),
        ("web: {image: a, command: timeout 1h x}, db: {image: b, ports: [1]}", "", "web"),
        ("web: {image: a}, api: {build: .}", "", "api"),
        ("web: {image: a, ports: [1]}, db: {image: b}", "", "web"),
        ("web: {image: a, command: timeout 1h x}, api: {image: b, ports: [1]}", "app = \"api\"", "api"),
    ];
    for (services, lines, app) in cases {
        assert_eq!(of(services, lines).map(|template| template.app).as_deref(), Ok(app), "{services}");
    }
    let two = "web: {image: a}, db: {image: b}";
    assert_refused(
        of(two, ""),
        "docker-compose.yml: ",
        "which container is the app; say --app, or app in [preview]: one of web, db",
    );
    assert_refused(
        of(two, "app = \"api\""),
        "docker-compose.yml: ",
        "has no container \"api\"; the app is one of web, db",
    );
}

#[test]
fn entrance_is_the_apps_own_port_or_that_of_a_proxy_beside_it() {
    let proxy = "web: {image: a}, proxy: {image: b, ports: [80]}";
    let cases = [
        ("web: {image: a, ports: [8080]}", "", Some(("web", 8080, "/"))),
        ("web: {image: a, ports: [8080]}, db: {image: b, expose: [5432]}", "app = \"web\"", Some(("web", 8080, "/"))),
        (proxy, "app = \"web\"", Some(("proxy", 80, "/"))),
        (proxy, "app = \"web\"\nport = 80\nhealth_path = \"/up?x=1\"", Some(("proxy", 80, "/up?x=1"))),
        (proxy, "app = \"web\"\nport = 3000", Some(("web", 3000, "/"))),
        ("web: {image: a, ports: [53/udp]}", "", None),
        ("web: {image: a}", "", None),
    ];
    for (services, lines, expected) in cases {
        let template = of(services, lines).expect(services);
        let entrance = template.entrance.as_ref();
        let found =
            entrance.map(|entrance| (entrance.container.as_str(), entrance.port, entrance.health_path.as_str()));
        assert_eq!(found, expected, "{services} {lines}");
        if let Some((name, port, _)) = expected {
            let container = template.container(name).expect("it is there");
            assert!(
                container.ports.iter().any(|own| own.container_port == port),
                "{services} {lines}: it is not mapped"
            );
        }
    }
    let several = "web: {image: a, ports: [80, 443]}";
    assert_refused(
        of(several, ""),
        "docker-compose.yml: ",
        "where the app is reached; say --port, or port in [preview]: one of 80 (web), 443 (web)",
    );
    for (line, told) in
        [("port = 0", "0 is no port"), ("health_path = \"up\"", "is no path"), ("health_path = \"/a b\"", "is no path")]
    {
        assert_refused(of(several, &format!("{line}\n")), "docker-compose.yml: ", told);
    }
}

#[test]
fn container_with_the_apps_image_gets_the_previews() {
    let template =
        of("web: {image: a, ports: [1]}, migrate: {image: a}, db: {image: b}", "app = \"web\"").expect("accepted");
    let image = |name: &str| template.container(name).map(|container| container.image.clone());
    assert_eq!(image("migrate"), Some(Image::Preview));
    assert_eq!(image("db"), Some(Image::Named("b".to_owned())));
    assert!(template.notes.iter().any(|note| note.contains("\"migrate\" has the app's image")), "{:?}", template.notes);
}

#[test]
fn image_that_would_have_to_be_built_is_refused_unless_it_is_the_apps() {
    let same = "web: {build: {context: ., args: [a]}, ports: [1]}, worker: {build: {context: ., args: [a]}}";
    let template = of(same, "app = \"web\"").expect("both are the preview's");
    assert!(template.containers.iter().all(|container| container.image == Image::Preview));
    let other = "web: {build: ., ports: [1]}, worker: {build: ./worker}";
    assert_refused(
        of(other, "app = \"web\""),
        "docker-compose.yml:1: ",
        "service \"worker\": \"build\" is not supported; one image",
    );
    let beside = "web: {image: a}, worker: {build: .}";
    assert_refused(
        of(beside, "app = \"web\""),
        "docker-compose.yml: ",
        "container \"worker\" has no image; nothing is built here",
    );
}

#[test]
fn app_is_essential_whatever_the_template_says() {
    let params = "task_definition: {services: {web: {essential: false}}}";
    let template = from_compose("", "services: {web: {image: a}}", Some(params)).expect("accepted");
    assert_eq!(template.app().essential, Essential::Yes);
    assert!(template.notes.iter().any(|note| note.contains("is essential")), "{:?}", template.notes);
}

#[test]
fn parts_that_do_not_fit_together_are_refused() {
    let cases = [
        ("a: {depends_on: [b]}, b: {depends_on: [c]}, c: {depends_on: [b]}", "in a circle: b -> c -> b"),
        ("a: {depends_on: [a]}", "in a circle: a -> a"),
        (
            "a: {depends_on: {b: {condition: service_healthy}}}, b: {image: b}",
            "until \"b\" is HEALTHY, which has no health check",
        ),
        ("a: {mem_limit: 2m}", "memory: 2 is not from 6"),
        ("a: {healthcheck: {test: [curl]}}", "must begin with CMD or CMD-SHELL"),
    ];
    for (services, told) in cases {
        let found = faults(of(services, "app = \"a\""));
        assert!(found.len() == 1 && found[0].contains(told), "{services}: {found:#?}");
    }
    let twice = "volumes = [\"a\", \"a\"]\n[[preview.container]]\nname = \"app\"\nimage = \"b\"";
    let found = faults(from_toml(twice));
    assert!(found.iter().any(|fault| fault.contains("volume \"a\" is there twice")), "{found:#?}");
    assert!(found.iter().any(|fault| fault.contains("container \"app\" is there twice")), "{found:#?}");
}
