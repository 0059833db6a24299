//! What `mayfly preview` shows to a user, against the sandbox: the real programs, over HTTP and as processes.

mod alb;
mod crash;
mod cut_off;
mod guards;
mod life;
mod reap;
mod shapes;
