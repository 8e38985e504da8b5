// SPDX-License-Identifier: Apache-2.0
//! What sample.h is for the samples in C, for those in Rust: threads that say who they are, a check that each
//! of them blocks where it should, and the truth about it as JSON lines on stdout. The words are those of sample.h.

#![allow(dead_code)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

const PATIENCE_MS: u64 = 20000;
const STACK_BYTES: usize = 256 * 1024;
pub const SYS_FUTEX: i64 = 202; // x86-64

/// A thread by the name that the truth has for it, and by the number that the kernel has.
pub struct Actor {
    name: &'static str,
    tid: AtomicU32,
}

impl Actor {
    pub const fn new(name: &'static str) -> Actor {
        Actor { name, tid: AtomicU32::new(0) }
    }

    /// Said by the thread itself, when `start` did not make it.
    pub fn enter(&self) {
        let me = std::fs::read_link("/proc/thread-self").expect("/proc/thread-self");
        let tid = me.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
        self.tid.store(tid.expect("a thread's number"), Ordering::Release);
    }

    /// Its number; waits for it.
    pub fn tid(&self) -> u32 {
        loop {
            match self.tid.load(Ordering::Acquire) {
                0 => sleep_ms(1),
                tid => return tid,
            }
        }
    }
}

/// Starts a thread that is known as `actor`.
pub fn start<F: FnOnce() + Send + 'static>(actor: &'static Actor, run: F) -> JoinHandle<()> {
    let body = move || {
        actor.enter();
        run();
    };
    Builder::new().name(actor.name.into()).stack_size(STACK_BYTES).spawn(body).expect("a thread")
}

pub fn sleep_ms(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

/// All stay here until as many as needed have come; by spinning, so that it is no part of what is found later.
pub struct Meeting {
    needed: u32,
    come: AtomicU32,
}

impl Meeting {
    pub const fn of(needed: u32) -> Meeting {
        Meeting { needed, come: AtomicU32::new(0) }
    }

    pub fn attend(&self) {
        self.come.fetch_add(1, Ordering::AcqRel);
        while self.come.load(Ordering::Acquire) < self.needed {
            sleep_ms(1);
        }
    }
}

/// Closed until main opens it; waited at by sleeping.
pub struct Gate(AtomicBool);

impl Gate {
    pub const fn closed() -> Gate {
        Gate(AtomicBool::new(false))
    }

    pub fn open(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub fn pass(&self) {
        while !self.0.load(Ordering::Acquire) {
            sleep_ms(1);
        }
    }
}

// ---- does it really block? ----

pub struct Call {
    number: i64,
    args: [u64; 6],
}

/// The system call that the thread sleeps in; None while it runs.
fn call_of(tid: u32) -> Option<Call> {
    let line = std::fs::read_to_string(format!("/proc/self/task/{tid}/syscall")).ok()?;
    let mut words = line.split_whitespace();
    let number = words.next()?.parse().ok()?;
    let mut args = [0; 6];
    for arg in &mut args {
        *arg = u64::from_str_radix(words.next()?.trim_start_matches("0x"), 16).ok()?;
    }
    Some(Call { number, args })
}

/// Waits until the thread sleeps in a system call that is as wanted, twice in a row.
fn await_call(actor: &Actor, wanted: impl Fn(&Call) -> bool) -> Call {
    let mut before = false;
    for _ in 0..PATIENCE_MS {
        let call = call_of(actor.tid()).filter(&wanted);
        let now = call.is_some();
        if let (true, Some(call)) = (before, call) {
            return call;
        }
        before = now;
        sleep_ms(1);
    }
    eprintln!("sample: {} does not block where it should", actor.name);
    std::process::exit(2);
}

fn syscall_name(number: i64) -> &'static str {
    match number {
        0 => "read",
        35 => "nanosleep",
        SYS_FUTEX => "futex",
        230 => "clock_nanosleep",
        _ => panic!("no name for system call {number}"),
    }
}

fn truth_call(actor: &Actor, call: &Call) {
    println!(
        "{{\"thread\":{{\"tid\":{},\"label\":\"{}\",\"state\":\"blocked\",\"syscall\":\"{}\",\"number\":{},\
         \"args\":[\"{:#x}\",\"{:#x}\",\"{:#x}\"]}}}}",
        actor.tid(),
        actor.name,
        syscall_name(call.number),
        call.number,
        call.args[0],
        call.args[1],
        call.args[2]
    );
}

/// Waits until the thread blocks in the system call, and tells so.
pub fn expect_syscall(actor: &Actor, number: i64) {
    truth_call(actor, &await_call(actor, |call| call.number == number));
}

/// The object of a wait: `word` is the futex, and only known where it is not hidden.
pub struct Object {
    pub address: usize,
    pub word: Option<usize>,
}

/// An object that is its own futex.
pub fn object<T>(object: &T) -> Object {
    object_at(object, 0)
}

/// An object whose futex is so many bytes behind its start.
pub fn object_at<T>(object: &T, word: usize) -> Object {
    let address = object as *const T as usize;
    Object { address, word: Some(address + word) }
}

/// How it can be known who holds what.
#[derive(Default, Clone, Copy, PartialEq)]
enum Recorded {
    #[default]
    Yes,
    /// Nowhere: it may be found or not.
    No,
    /// Nowhere, but it must be found where functions have names.
    ByNames,
}

impl Recorded {
    fn word(self) -> &'static str {
        match self {
            Recorded::Yes => "true",
            Recorded::No => "false",
            Recorded::ByNames => "\"names\"",
        }
    }
}

/// What is said of a wait beside who and what.
#[derive(Default, Clone, Copy)]
pub struct Told {
    name: Option<&'static str>,
    holder: Option<&'static Actor>,
    recorded: Recorded,
    timed: bool,
}

impl Told {
    pub fn nothing() -> Told {
        Told::default()
    }

    /// As DWARF tells it, "*x" for one that ends so.
    pub fn name(name: &'static str) -> Told {
        Told { name: Some(name), ..Told::default() }
    }

    pub fn held_by(self, holder: &'static Actor) -> Told {
        Told { holder: Some(holder), ..self }
    }

    /// It holds it, but that is recorded nowhere: it may be found or not.
    pub fn perhaps(self, holder: &'static Actor) -> Told {
        Told { holder: Some(holder), recorded: Recorded::No, ..self }
    }

    /// It holds it, which code and names must tell.
    pub fn found(self, holder: &'static Actor) -> Told {
        Told { holder: Some(holder), recorded: Recorded::ByNames, ..self }
    }

    fn unnamed(self) -> Told {
        Told { name: None, ..self }
    }

    pub fn timed(self) -> Told {
        Told { timed: true, ..self }
    }
}

/// `waiter` waits for the object; None: nothing of this process is known for certain.
pub fn expect_wait(waiter: &Actor, kind: &str, object: Option<&Object>, told: Told) {
    let word = object.and_then(|object| object.word);
    let call =
        await_call(waiter, |call| call.number == SYS_FUTEX && word.map_or(true, |word| call.args[0] == word as u64));
    truth_call(waiter, &call);
    let mut text = format!("\"tid\":{},\"kind\":\"{kind}\",\"timed\":{}", waiter.tid(), told.timed);
    if kind != "join" || told.recorded != Recorded::Yes {
        write!(text, ",\"by_names\":\"{:#x}\"", call.args[0]).unwrap();
    }
    if let Some(object) = object {
        write!(text, ",\"resource\":\"{:#x}\"", object.address).unwrap();
    }
    if let Some(name) = told.name {
        write!(text, ",\"name\":\"{name}\"").unwrap();
    }
    if let Some(holder) = told.holder {
        write!(text, ",\"on\":[{}],\"recorded\":{}", holder.tid(), told.recorded.word()).unwrap();
    }
    println!("{{\"wait\":{{{text}}}}}");
}

/// `waiter` waits for an initialisation. Before 1.67 it was parked for that, on a word of its own.
pub fn expect_once(waiter: &Actor, once: &Object, told: Told) {
    let call = await_call(waiter, |call| call.number == SYS_FUTEX);
    let itself = Some(once).filter(|once| call.args[0] == once.address as u64);
    expect_wait(waiter, "once", itself, if itself.is_some() { told } else { told.unnamed() });
}

/// The address that a handle of a channel has, in its last word.
pub fn channel_of<T>(handle: &T) -> usize {
    let words = std::mem::size_of::<T>() / std::mem::size_of::<usize>();
    unsafe { *(handle as *const T as *const usize).add(words - 1) }
}

/// `waiter` waits at the channel, which is found without names; `state` are fields of JSON.
pub fn expect_channel(waiter: &Actor, kind: &str, channel: usize, timed: bool, state: &str) {
    truth_call(waiter, &await_call(waiter, |call| call.number == SYS_FUTEX && call.args[2] as u32 == u32::MAX));
    println!(
        "{{\"wait\":{{\"tid\":{},\"kind\":\"{kind}\",\"timed\":{timed},\"resource\":\"{channel:#x}\"}}}}",
        waiter.tid()
    );
    println!("{{\"state\":{{\"resource\":\"{channel:#x}\",\"state\":{{{state}}}}}}}");
}

/// `waiter` joins the other.
pub fn expect_join(waiter: &Actor, target: &'static Actor) {
    expect_wait(waiter, "join", None, Told::nothing().held_by(target));
}

/// Any futex, of which nothing else is told.
pub fn expect_futex(actor: &Actor) {
    expect_syscall(actor, SYS_FUTEX);
}

// ---- the truth ----

fn tids(actors: &[&Actor]) -> String {
    let list: Vec<String> = actors.iter().map(|actor| actor.tid().to_string()).collect();
    format!("[{}]", list.join(","))
}

/// A cycle of waits without timeout through all of these, over holders that are recorded nowhere. Where
/// functions have names it must be found, and is likely.
pub fn truth_likely_deadlock(actors: &[&Actor]) {
    let rule = if actors.len() == 1 { "CT102" } else { "CT101" };
    let tids = tids(actors);
    println!("{{\"cycle\":{{\"timed\":false,\"recorded\":\"names\",\"tids\":{tids}}}}}");
    println!(
        "{{\"finding\":{{\"rule\":\"{rule}\",\"level\":\"P0\",\"confidence\":[\"likely\"],\
         \"recorded\":\"names\",\"tids\":{tids}}}}}"
    );
    truth_is("verdict", "[\"deadlock\",\"clean\",\"stuck\"]");
}

/// The words that are a JSON value of their own: absent, quiet, verdict, headline_not, moving.
pub fn truth_is(word: &str, value: &str) {
    println!("{{\"{word}\":{value}}}");
}

/// These, and no others, will end the wait of the one: code and names must tell.
pub fn truth_peers(waiter: &Actor, peers: &[&Actor]) {
    println!("{{\"peers\":{{\"tid\":{},\"recorded\":\"names\",\"peers\":{}}}}}", waiter.tid(), tids(peers));
}

/// This one, perhaps with others, may end the wait: it has the object at hand, which needs no names.
pub fn truth_a_peer(waiter: &Actor, peer: &Actor) {
    println!("{{\"a_peer\":{{\"tid\":{},\"peer\":{}}}}}", waiter.tid(), peer.tid());
}

pub fn truth_function(actor: &Actor, name: &str) {
    println!("{{\"function\":{{\"tid\":{},\"name\":\"{name}\",\"inlined\":false}}}}", actor.tid());
}

// ---- the end ----

/// Ready, with a fixed number of threads, in which main rests for ever.
pub fn rest(threads: usize) -> ! {
    println!("{{\"threads\":{threads}}}\n{{\"ready\":true}}");
    std::io::stdout().flush().expect("stdout");
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}
