//! Comments as GitHub shows them: a small part of its Markdown. What is not known to be harmless is shown as text.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

use super::escape;

/// HTML that people write in comments and that does nothing. Attributes make a tag another one: only these are here.
const HARMLESS: &[&str] = &[
    "<details>",
    "<details open>",
    "</details>",
    "<summary>",
    "</summary>",
    "<br>",
    "<br/>",
    "<br />",
    "<sub>",
    "</sub>",
    "<sup>",
    "</sup>",
    "<kbd>",
    "</kbd>",
    "<b>",
    "</b>",
    "<strong>",
    "</strong>",
    "<code>",
    "</code>",
    "<hr>",
    "<p>",
    "</p>",
];

/// Renders a comment.
pub(super) fn render(source: &str) -> String {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_GFM;
    let mut shown = String::new();
    html::push_html(&mut shown, Harmless::new(Parser::new_ext(source, options)));
    shown
}

/// Passes events on with everything taken out that could do something.
struct Harmless<I> {
    events: I,
    /// The lines of an HTML block, which come one by one: a comment in it may end on another than it began.
    block: Option<String>,
}

impl<I> Harmless<I> {
    fn new(events: I) -> Self {
        Self { events, block: None }
    }
}

impl<'a, I: Iterator<Item = Event<'a>>> Iterator for Harmless<I> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        loop {
            let event = self.events.next()?;
            match (event, &mut self.block) {
                (Event::Start(Tag::HtmlBlock), block) => *block = Some(String::new()),
                (Event::Html(line), Some(block)) => block.push_str(&line),
                (Event::End(TagEnd::HtmlBlock), block) => {
                    let whole = block.take().unwrap_or_default();
                    return Some(Event::Html(harmless_html(&whole).into()));
                }
                (Event::Html(html) | Event::InlineHtml(html), _) => {
                    return Some(Event::InlineHtml(harmless_html(&html).into()));
                }
                // GitHub keeps the line breaks of comments.
                (Event::SoftBreak, _) => return Some(Event::HardBreak),
                (other, _) => return Some(harmless_link(other)),
            }
        }
    }
}

/// Images become links, so that a page loads nothing; links lead nowhere unless their kind is known.
fn harmless_link(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id } | Tag::Image { link_type, dest_url, title, id }) => {
            let dest_url = if is_harmless_address(&dest_url) { dest_url } else { "#".into() };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        other => other,
    }
}

fn is_harmless_address(address: &str) -> bool {
    ["https://", "http://", "mailto:", "#"].iter().any(|kind| address.to_ascii_lowercase().starts_with(kind))
}

/// Comments go, harmless tags stay, the rest becomes text.
fn harmless_html(html: &str) -> String {
    let mut shown = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        shown.push_str(&escape(&rest[..at]));
        rest = &rest[at..];
        if let Some(inside) = rest.strip_prefix("<!--") {
            // A comment that never ends hides all that follows, as it does at GitHub.
            rest = inside.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let end = rest.find('>').map_or(rest.len(), |end| end + 1);
        let tag = rest[..end].to_ascii_lowercase();
        if HARMLESS.contains(&tag.as_str()) {
            shown.push_str(&tag);
            rest = &rest[end..];
        } else {
            shown.push_str("&lt;");
            rest = &rest[1..];
        }
    }
    shown + &escape(rest)
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn markdown_of_a_status_comment_is_shown() {
        let shown = render(
            "## Ready\n\n**up** `x`\n\n| a | b |\n| - | - |\n| 1 | [go](https://x.example/) |\n\n<details>\n<summary>Log</summary>\n\n```\n<script>\n```\n\n</details>\n",
        );
        let parts = [
            "<h2>Ready</h2>",
            "<strong>up</strong> <code>x</code>",
            "<td>1</td>",
            "<a href=\"https://x.example/\">go</a>",
            "<details>\n<summary>Log</summary>",
            "<code>&lt;script&gt;\n</code>",
            "</details>",
        ];
        for part in parts {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }

    #[test]
    fn html_comments_are_hidden_also_over_several_lines() {
        for source in ["a <!-- mark --> b", "<!-- mark\n\nmark\n-->\n\na", "<!-- mark -->\na", "a\n\n<!-- mark"] {
            let shown = render(source);
            assert!(!shown.contains("mark") && shown.contains('a'), "{source:?}: {shown}");
        }
    }

    #[test]
    fn nothing_that_could_do_something_gets_through() {
        let sources = [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<details ontoggle=alert(1)>",
            "<b onclick=alert(1)>x</b>",
            "a <svg/onload=alert(1)> b",
            "<!-- --><script>alert(1)</script>",
            "<style>*{display:none}</style>",
            "<scr<!-- -->ipt>alert(1)</script>",
            "<iframe src=\"//x\"",
        ];
        for source in sources {
            let shown = render(source);
            for harm in ["<script", "<img", "<svg", "<style", "<iframe", "<details o", "<b o"] {
                assert!(!shown.contains(harm), "{source}: {shown}");
            }
        }
    }

    #[test]
    fn links_of_unknown_kinds_lead_nowhere_and_images_are_links() {
        for source in
            ["[x](javascript:alert(1))", "[x](JavaScript:alert(1))", "[x](data:text/html,x)", "<javascript:x>"]
        {
            let shown = render(source);
            assert!(shown.contains("href=\"#\"") && !shown.contains("href=\"j"), "{source}: {shown}");
        }
        assert_eq!(
            render("![cat](https://x.example/c.png)").trim(),
            "<p><a href=\"https://x.example/c.png\">cat</a></p>"
        );
    }
}
