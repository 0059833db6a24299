//! What `mayfly preview` shows to a user, against the sandbox: the real programs, over HTTP and as processes.

mod life;
