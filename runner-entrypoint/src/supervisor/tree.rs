//! Who else is there: all processes but ourselves, our descendants, a session.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;

use nix::unistd::{Pid, getpid};

use crate::signal::{Sent, Signal};

/// A process as `/proc/PID/stat` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    stopped: bool,
    parent: i32,
    group: i32,
    session: i32,
}

/// Signals everybody else: all of the container as PID 1, elsewhere our own descendants only.
pub(crate) fn signal_all_others(signal: Signal) {
    if getpid() == Pid::from_raw(1) {
        // All but ourselves, whatever session or group they have fled to.
        let _ = signal.send_to(-1);
        return;
    }
    for pid in our_descendants() {
        // It may have just ended.
        let _ = signal.send_to(pid);
    }
}

/// All processes that descend from us.
pub(crate) fn our_descendants() -> Vec<i32> {
    descendants(&everybody(), getpid().as_raw())
}

/// Which members of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those that are not in the group of its leader: the jobs of an interactive shell.
    OtherGroups,
    /// Those that are stopped.
    Stopped,
}

/// The members of a session, as one look has shown them.
pub(crate) struct Session {
    leader: i32,
    members: BTreeMap<i32, Seen>,
}

impl Session {
    /// Looks at every process of the machine.
    pub(crate) fn among_all(leader: i32) -> Self {
        Self { leader, members: everybody() }
    }

    /// Looks at our own descendants alone, by the kernel's lists of children: a machine may have thousands of processes, and a
    /// command few. While nobody ends meanwhile the lists are whole (proc(5), `/proc/pid/task/tid/children`), so it is for a
    /// moment before anybody was told to end.
    pub(crate) fn below_us(leader: i32) -> Self {
        Self { leader, members: below(getpid().as_raw()).unwrap_or_else(everybody) }
    }

    /// Signals some of them.
    pub(crate) fn signal(&self, sent: Sent, which: Which) {
        for (pid, seen) in &self.members {
            let meant = match which {
                Which::OtherGroups => seen.group != self.leader,
                Which::Stopped => seen.stopped,
            };
            if seen.session == self.leader && meant {
                // It may have just ended.
                let _ = sent.send_to(*pid);
            }
        }
    }
}

/// Signals a process if it is stopped.
pub(crate) fn signal_if_stopped(pid: i32, sent: Sent) {
    if look_at(pid).is_some_and(|seen| seen.stopped) {
        // It may have just ended.
        let _ = sent.send_to(pid);
    }
}

/// Each process, from `/proc`.
fn everybody() -> BTreeMap<i32, Seen> {
    let Ok(folder) = std::fs::read_dir("/proc") else { return BTreeMap::new() };
    folder
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid: i32| Some((pid, look_at(pid)?)))
        .collect()
}

/// All that descend from a process; nothing where the kernel keeps no lists of children (CONFIG_PROC_CHILDREN).
fn below(ancestor: i32) -> Option<BTreeMap<i32, Seen>> {
    let mut found = BTreeMap::new();
    let mut next = vec![ancestor];
    while let Some(parent) = next.pop() {
        // One that has ended since has no list, and its children are ours by now; ours is read first, so it must be there.
        let children = match children_of(parent) {
            None if parent == ancestor => return None,
            children => children.unwrap_or_default(),
        };
        for child in children {
            if let Some(seen) = look_at(child).filter(|_| !found.contains_key(&child)) {
                found.insert(child, seen);
                next.push(child);
            }
        }
    }
    Some(found)
}

/// Children hang on the thread that has made them.
fn children_of(pid: i32) -> Option<Vec<i32>> {
    let mut children = Vec::new();
    for thread in std::fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let list = std::fs::read_to_string(thread.ok()?.path().join("children")).ok()?;
        children.extend(list.split_ascii_whitespace().filter_map(|word| word.parse::<i32>().ok()));
    }
    Some(children)
}

fn look_at(pid: i32) -> Option<Seen> {
    // Enough for the longest name and all numbers that matter. One read: it is done for every process of the machine.
    let mut line = [0; 512];
    let length = File::open(format!("/proc/{pid}/stat")).ok()?.read(&mut line).ok()?;
    seen_in(&line[..length])
}

/// Reads a line of `/proc/PID/stat`. The name in brackets may contain anything: brackets, spaces, bytes that are no text.
fn seen_in(stat: &[u8]) -> Option<Seen> {
    let stat = String::from_utf8_lossy(stat);
    let (_, after_name) = stat.rsplit_once(") ")?;
    let (state, numbers) = after_name.split_once(' ')?;
    let mut numbers = numbers.split(' ').map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some(Seen { stopped: state == "T", parent: next()?, group: next()?, session: next()? })
}

fn descendants(everybody: &BTreeMap<i32, Seen>, ancestor: i32) -> Vec<i32> {
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(everybody.iter().filter(|(_, seen)| seen.parent == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Seen, descendants, seen_in};

    #[test]
    fn process_is_seen_behind_any_name() {
        let seen = |parent| Some(Seen { stopped: false, parent, group: 12, session: 10 });
        assert_eq!(seen_in(b"12 (bash) S 7 12 10 0"), seen(7));
        assert_eq!(seen_in(b"12 (a) b) S 3 (c) S 7 12 10 0"), seen(7));
        assert_eq!(seen_in(b"12 (\xff) S 7 12 10 0"), seen(7));
        assert!(seen_in(b"12 (a) T 7 12 10 0").is_some_and(|seen| seen.stopped));
        assert_eq!(seen_in(b"nonsense"), None);
        assert_eq!(seen_in(b"12 (cut) S 7"), None);
    }

    #[test]
    fn child_is_found_below_us_as_it_is_among_all() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep can be started");
        let pid = i32::try_from(child.id()).expect("a process id");
        let below = super::below(std::process::id() as i32);
        let all = super::everybody();
        child.kill().and_then(|()| child.wait()).expect("the child can be ended");
        assert_eq!(all.get(&pid).map(|seen| seen.parent), Some(std::process::id() as i32));
        // A kernel without the lists gives none at all.
        assert!(below.is_none_or(|below| below.contains_key(&pid)));
    }

    #[test]
    fn descendants_are_found_at_every_depth_and_others_are_left_alone() {
        let of = |parent| Seen { stopped: false, parent, group: 0, session: 0 };
        let everybody = BTreeMap::from([(1, of(0)), (10, of(1)), (11, of(10)), (12, of(11)), (20, of(1))]);
        assert_eq!(descendants(&everybody, 10), [11, 12]);
        assert_eq!(descendants(&everybody, 20), [0; 0]);
    }
}
