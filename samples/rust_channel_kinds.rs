// SPDX-License-Identifier: Apache-2.0
//! A post office: clerks wait at counters of every kind, with one sender or several, before and after the first
//! parcels; two drivers wait for room. A guard who has a counter's window open rests on a bench beside it:
//! that one is parked, and waits for no channel.
mod sample;

use sample::{Actor, Told};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{channel, sync_channel, Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

#[inline(never)]
fn serve(counter: Receiver<u64>) {
    let mut weight = 0;
    while let Ok(parcel) = counter.recv() {
        weight += parcel;
    }
    println!("{weight}");
}

#[inline(never)]
fn serve_until_evening(counter: Receiver<u64>) {
    while counter.recv_timeout(Duration::from_secs(9000)) != Err(RecvTimeoutError::Disconnected) {}
}

#[inline(never)]
fn load(van: SyncSender<u64>) {
    for parcel in 0.. {
        van.send(parcel).unwrap();
    }
}

static DAWN: AtomicBool = AtomicBool::new(false);

#[inline(never)]
fn watch(window: Receiver<u64>) {
    while !DAWN.load(Relaxed) {
        std::thread::park();
    }
    drop(window.try_recv());
}

static QUIET: Actor = Actor::new("quiet-counter");
static SINGLE: Actor = Actor::new("single-counter");
static SHARED: Actor = Actor::new("shared-counter");
static SMALL: Actor = Actor::new("small-counter");
static HAND: Actor = Actor::new("hand-to-hand");
static EVENING: Actor = Actor::new("evening-counter");
static VAN: Actor = Actor::new("van-driver");
static SECOND: Actor = Actor::new("second-driver");
static COURIER: Actor = Actor::new("courier");
static GUARD: Actor = Actor::new("guard");

fn main() {
    let (quiet, for_quiet) = channel();
    let (single, for_single) = channel();
    let (shared, for_shared) = channel();
    let (small, for_small) = sync_channel(3);
    let (hand, for_hand) = sync_channel(0);
    let (evening, for_evening) = channel();
    let (van, _loading) = sync_channel(4);
    let (courier, _handing) = sync_channel(0);
    let (_window, for_window) = channel();

    let shared_too = shared.clone();
    for parcel in 0..40 {
        single.send(parcel).unwrap();
        shared_too.send(parcel).unwrap();
    }
    small.send(1).unwrap();
    let second = van.clone();
    let (at_van, at_second, at_courier) = (sample::channel_of(&van), sample::channel_of(&second), sample::channel_of(&courier));

    sample::start(&QUIET, || serve(for_quiet));
    sample::start(&SINGLE, || serve(for_single));
    sample::start(&SHARED, || serve(for_shared));
    sample::start(&SMALL, || serve(for_small));
    sample::start(&HAND, || serve(for_hand));
    sample::start(&EVENING, || serve_until_evening(for_evening));
    sample::start(&VAN, || load(van));
    sample::start(&SECOND, || load(second));
    sample::start(&COURIER, || load(courier));
    sample::start(&GUARD, || watch(for_window));

    let receives = |actor: &Actor, at: usize, state: &str| {
        sample::expect_channel(actor, "chan-recv", at, false, state);
        sample::truth_function(actor, "serve");
    };
    let unbounded = "\"flavour\":\"unbounded\",\"messages\":0,\"receivers\":1";
    receives(&QUIET, sample::channel_of(&quiet), &format!("{unbounded},\"senders\":1"));
    receives(&SINGLE, sample::channel_of(&single), &format!("{unbounded},\"senders\":1"));
    receives(&SHARED, sample::channel_of(&shared), &format!("{unbounded},\"senders\":2"));
    receives(&SMALL, sample::channel_of(&small), "\"flavour\":\"bounded\",\"messages\":0,\"capacity\":3,\"senders\":1");
    receives(&HAND, sample::channel_of(&hand), "\"flavour\":\"rendezvous\",\"capacity\":0,\"senders\":1");
    sample::expect_channel(&EVENING, "chan-recv", sample::channel_of(&evening), true, unbounded);
    sample::truth_function(&EVENING, "serve_until_evening");
    let full = "\"flavour\":\"bounded\",\"messages\":4,\"capacity\":4,\"senders\":2";
    let by_hand = "\"flavour\":\"rendezvous\",\"capacity\":0,\"senders\":1";
    for (driver, at, state) in [(&VAN, at_van, full), (&SECOND, at_second, full), (&COURIER, at_courier, by_hand)] {
        sample::expect_channel(driver, "chan-send", at, false, state);
        sample::truth_function(driver, "load");
    }
    sample::expect_wait(&GUARD, "park", None, Told::nothing());
    sample::truth_function(&GUARD, "watch");

    sample::truth_is("absent", "[\"CT101\",\"CT102\",\"CT110\"]");
    sample::rest(11);
}
