//! What the application is told by its environment.

use std::time::Duration;

/// How the application behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    /// `APP_VERSION`: shown on the page.
    pub(super) version: String,
    /// `APP_CONTENT`: a file whose text is shown on the page.
    pub(super) content: Option<String>,
    /// `APP_HEALTHY_AFTER_MS`: `/health` answers 503 for so long.
    pub(super) healthy_after: Duration,
    /// `APP_CRASH_AFTER_MS`: it ends with 3 then.
    pub(super) crash_after: Option<Duration>,
    /// `APP_IGNORE_SIGTERM=1`.
    pub(super) ignore_sigterm: bool,
    /// `APP_LOG_LINES`: so many lines are written at the start.
    pub(super) log_lines: u32,
}

impl Settings {
    pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let number = |name: &str| variable(name).and_then(|text| text.parse().ok());
        let millis = |name: &str| number(name).map(|millis: u32| Duration::from_millis(millis.into()));
        Self {
            version: variable("APP_VERSION").unwrap_or_else(|| "unknown".to_owned()),
            content: variable("APP_CONTENT"),
            healthy_after: millis("APP_HEALTHY_AFTER_MS").unwrap_or_default(),
            crash_after: millis("APP_CRASH_AFTER_MS"),
            ignore_sigterm: variable("APP_IGNORE_SIGTERM").as_deref() == Some("1"),
            log_lines: number("APP_LOG_LINES").unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Settings;

    #[test]
    fn settings_are_read_and_what_is_no_number_counts_as_absent() {
        let settings = Settings::read(|name| match name {
            "APP_HEALTHY_AFTER_MS" => Some("250".to_owned()),
            "APP_CRASH_AFTER_MS" => Some("soon".to_owned()),
            _ => None,
        });
        assert_eq!((settings.healthy_after, settings.crash_after), (Duration::from_millis(250), None));
        assert_eq!(settings.version, "unknown");
    }
}
