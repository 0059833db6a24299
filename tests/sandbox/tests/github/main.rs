//! The stand-in of GitHub, asked over HTTP as clients ask it.

mod access;
mod apps;
mod contract;
mod faults;
mod oidc;
mod registration;
mod runs;
mod world;
