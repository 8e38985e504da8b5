// SPDX-License-Identifier: Apache-2.0
//! Threads of a scope wait for a lock that the one who waits for the scope has; another one is joined.
mod sample;

use sample::{object, Actor, Gate, Told};
use std::sync::Mutex;

static TOTAL: Mutex<u64> = Mutex::new(0);
static COUNTING: Gate = Gate::closed();

#[inline(never)]
fn count_all(parts: &[u64]) -> u64 {
    let total = TOTAL.lock().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| count(parts));
    });
    *total
}

#[inline(never)]
fn count(part: &[u64]) {
    COUNTER.enter();
    *TOTAL.lock().unwrap() += part.iter().sum::<u64>();
}

static MANAGER: Actor = Actor::new("manager");
static COUNTER: Actor = Actor::new("counter");
static AUDITOR: Actor = Actor::new("auditor");

fn main() {
    let manager = sample::start(&MANAGER, || drop(count_all(&[1, 2, 3])));
    sample::start(&AUDITOR, move || {
        COUNTING.pass();
        manager.join().unwrap();
    });
    COUNTING.open();
    let told = Told::name("*TOTAL").found(&MANAGER);
    sample::expect_wait(&COUNTER, "mutex", Some(&object(&TOTAL)), told);
    sample::expect_wait(&MANAGER, "join", None, Told::nothing().found(&COUNTER));
    sample::expect_join(&AUDITOR, &MANAGER);
    sample::truth_function(&MANAGER, "count_all");
    sample::truth_function(&COUNTER, "count");
    sample::truth_likely_deadlock(&[&MANAGER, &COUNTER]);
    sample::rest(4);
}
