// SPDX-License-Identifier: Apache-2.0
//! No deadlock: who was woken at a condition variable waits for its lock again, which who notified it still
//! has, and waits for input. The guard that it gave to the wait is no lock that it has.
mod sample;

use sample::{object, Actor, Gate, Told};
use std::io::Read;
use std::sync::{Condvar, Mutex};

struct Shelf {
    goods: Mutex<u32>,
    filled: Condvar,
}

static SHELF: Shelf = Shelf { goods: Mutex::new(0), filled: Condvar::new() };
static LOOKING: Gate = Gate::closed();

#[inline(never)]
fn take() -> u32 {
    let mut goods = SHELF.goods.lock().unwrap();
    LOOKING.open();
    while *goods == 0 {
        goods = SHELF.filled.wait(goods).unwrap();
    }
    *goods -= 1;
    *goods
}

#[inline(never)]
fn stock() {
    let mut goods = SHELF.goods.lock().unwrap();
    let mut list = String::new();
    *goods += 1;
    SHELF.filled.notify_one();
    std::io::stdin().read_to_string(&mut list).unwrap();
    *goods += list.len() as u32;
}

static BUYER: Actor = Actor::new("buyer");
static STOCKER: Actor = Actor::new("stocker");

fn main() {
    sample::start(&BUYER, || assert!(take() < 9));
    LOOKING.pass();
    sample::start(&STOCKER, stock);
    sample::expect_syscall(&STOCKER, 0);
    sample::expect_wait(&BUYER, "mutex", Some(&object(&SHELF.goods)), Told::name("*SHELF.goods").found(&STOCKER));
    sample::truth_function(&BUYER, "take");
    sample::truth_is("verdict", "[\"clean\"]");
    sample::truth_is("absent", "[\"CT101\",\"CT102\"]");
    sample::rest(3);
}
