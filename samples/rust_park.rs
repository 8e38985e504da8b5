// SPDX-License-Identifier: Apache-2.0
//! Two are parked: a worker until somebody has work, another for a day at most. Nothing is wrong with that.
mod sample;

use sample::{Actor, Told};
use std::time::Duration;

#[inline(never)]
fn await_work() {
    loop {
        std::thread::park();
    }
}

#[inline(never)]
fn doze() {
    loop {
        std::thread::park_timeout(Duration::from_secs(86400));
    }
}

static WORKER: Actor = Actor::new("worker");
static SLEEPER: Actor = Actor::new("sleeper");

fn main() {
    sample::start(&WORKER, || await_work());
    sample::start(&SLEEPER, || doze());
    sample::expect_wait(&WORKER, "park", None, Told::nothing());
    sample::expect_wait(&SLEEPER, "park", None, Told::nothing().timed());
    sample::truth_function(&WORKER, "await_work");
    sample::truth_function(&SLEEPER, "doze");
    sample::truth_is("quiet", "true");
    sample::rest(3);
}
