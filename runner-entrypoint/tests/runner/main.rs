//! The real binary against a GitHub made of std::net and a Listener made of shell: one runner from its first to its last line.

mod credentials;
mod endings;
mod github;
mod life;
mod registration;
mod secrets;
mod stops;
mod watch;
