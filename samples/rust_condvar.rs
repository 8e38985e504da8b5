// SPDX-License-Identifier: Apache-2.0
//! Two wait at condition variables: one for parcels, with a timeout, which a third will bring
//! tomorrow, one for an address that nobody will give any more: whoever should have done so has returned.
mod sample;

use sample::{object, Actor, Told};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

struct Slot {
    address: Mutex<Option<String>>,
    given: Condvar,
}

// The condition variable is not the first member, so that its address is its own.
struct Belt {
    parcels: Mutex<u32>,
    moved: Condvar,
}

static SLOT: Slot = Slot { address: Mutex::new(None), given: Condvar::new() };
static BELT: Belt = Belt { parcels: Mutex::new(0), moved: Condvar::new() };

#[inline(never)]
fn await_address() -> usize {
    let mut address = SLOT.address.lock().unwrap();
    while address.is_none() {
        address = SLOT.given.wait(address).unwrap();
    }
    address.as_ref().unwrap().len()
}

#[inline(never)]
fn await_parcel() {
    let parcels = BELT.parcels.lock().unwrap();
    drop(BELT.moved.wait_timeout(parcels, Duration::from_secs(86400)).unwrap());
}

#[inline(never)]
fn bring_parcels() {
    sample::sleep_ms(86_400_000);
    *BELT.parcels.lock().unwrap() += 1;
    BELT.moved.notify_one();
}

static CARRIER: Actor = Actor::new("carrier");
static LABELLER: Actor = Actor::new("labeller");
static PACKER: Actor = Actor::new("packer");

fn main() {
    sample::start(&LABELLER, || assert!(await_address() > 0));
    sample::start(&PACKER, await_parcel);
    sample::start(&CARRIER, bring_parcels);
    sample::expect_syscall(&CARRIER, 230);
    sample::expect_wait(&LABELLER, "cond", Some(&object(&SLOT.given)), Told::name("*SLOT.given"));
    sample::expect_wait(&PACKER, "cond", Some(&object(&BELT.moved)), Told::name("*BELT.moved").timed());
    sample::truth_peers(&PACKER, &[&CARRIER]);
    sample::truth_peers(&LABELLER, &[]);
    sample::truth_function(&LABELLER, "await_address");
    sample::truth_function(&PACKER, "await_parcel");
    sample::truth_is("absent", "[\"CT101\",\"CT102\"]");
    sample::rest(4);
}
