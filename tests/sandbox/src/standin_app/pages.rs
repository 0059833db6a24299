//! What the application answers.
//!
//! `/` shows version, features and content; `/health` 200 or 503; `/sick` and `/well` decide that; `/crash?code=N` ends
//! it; `/slow?ms=N` answers late; `/log?lines=N` writes lines; `/headers` tells what came in.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::http::{Request, Response};
use super::settings::Settings;

pub(super) struct App {
    settings: Settings,
    began: Instant,
    sick: AtomicBool,
}

impl App {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, began: Instant::now(), sick: AtomicBool::new(false) }
    }

    pub(super) fn answer(&self, request: &Request) -> Response {
        match request.path.as_str() {
            "/" => self.page(),
            "/health" => self.health(),
            "/sick" => self.become_sick(true),
            "/well" => self.become_sick(false),
            "/crash" => crash(request.number("code").unwrap_or(3)),
            "/slow" => {
                super::pause(Duration::from_millis(request.number("ms").unwrap_or_default().into()));
                Response::text(200, "at last")
            }
            "/log" => {
                let lines = request.number("lines").unwrap_or(1);
                (0..lines).for_each(|number| super::say(&format!("standin-app: asked line {number}")));
                Response::text(200, "written")
            }
            "/headers" => Response::text(200, &request.headers.join("\n")),
            other => Response::text(404, &format!("there is no {other}")),
        }
    }

    fn become_sick(&self, sick: bool) -> Response {
        self.sick.store(sick, Ordering::SeqCst);
        Response::text(200, "so be it")
    }

    fn health(&self) -> Response {
        if self.sick.load(Ordering::SeqCst) || self.began.elapsed() < self.settings.healthy_after {
            return Response::text(503, "not well");
        }
        Response::text(200, "ok")
    }

    fn page(&self) -> Response {
        let features = std::env::vars().filter(|(name, _)| name.starts_with("FEATURE_"));
        let features: String = features.map(|(name, value)| item(&name, &value)).collect();
        let version = escape(&self.settings.version);
        let content = self.settings.content.as_ref().map(|file| {
            let text = std::fs::read_to_string(file).unwrap_or_else(|fault| format!("{file}: {fault}"));
            format!("<pre id=\"content\">{}</pre>", escape(&text))
        });
        let body = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>stand-in {version}</title></head>\
             <body><h1>Stand-in application</h1><p>Version <b id=\"version\">{version}</b></p><ul>{features}</ul>{}\
             </body></html>\n",
            content.unwrap_or_default()
        );
        Response { status: 200, content_type: "text/html", body }
    }
}

#[expect(clippy::exit, reason = "the point is to end without asking anybody")]
fn crash(code: u32) -> Response {
    super::say("standin-app: told to crash");
    std::process::exit(i32::try_from(code).unwrap_or(1));
}

fn item(name: &str, value: &str) -> String {
    format!("<li>{}={}</li>", escape(name), escape(value))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
