// SPDX-License-Identifier: Apache-2.0
//! A kitchen: the cook sends dishes into a pass that is full, the waiter waits for orders. Both channels are
//! alive; who would empty the one and fill the other is the same head waiter, who waits for the cook's recipe.
mod sample;

use sample::{object, Actor, Gate, Told};
use std::sync::mpsc::{channel, sync_channel, Receiver, SyncSender};
use std::sync::Mutex;

static RECIPE: Mutex<u32> = Mutex::new(0);
static COOKING: Gate = Gate::closed();

#[inline(never)]
fn cook(pass: SyncSender<u32>) {
    let recipe = RECIPE.lock().unwrap();
    COOKING.open();
    for dish in 0.. {
        pass.send(dish + *recipe).unwrap();
    }
}

#[inline(never)]
fn serve(orders: Receiver<String>) {
    while let Ok(order) = orders.recv() {
        drop(order);
    }
}

#[inline(never)]
fn sip(water: Receiver<u8>) {
    drop(water.recv());
}

static COOK: Actor = Actor::new("cook");
static WAITER: Actor = Actor::new("waiter");
static GUEST: Actor = Actor::new("guest");
static HEAD: Actor = Actor::new("head-waiter");

fn main() {
    let (pass, dishes) = sync_channel(2);
    let (orders, table) = channel();
    let (water, glass) = sync_channel(0);
    sample::start(&COOK, || cook(pass));
    sample::start(&WAITER, || serve(table));
    sample::start(&GUEST, || sip(glass));
    COOKING.pass();
    sample::start(&HEAD, move || {
        let recipe = RECIPE.lock().unwrap();
        orders.send(format!("{} of {}", dishes.recv().unwrap(), recipe)).unwrap();
        water.send(1).unwrap();
    });
    sample::expect_wait(&COOK, "chan-send", None, Told::nothing());
    sample::expect_wait(&WAITER, "chan-recv", None, Told::nothing());
    sample::expect_wait(&GUEST, "chan-recv", None, Told::nothing());
    sample::expect_wait(&HEAD, "mutex", Some(&object(&RECIPE)), Told::name("*RECIPE").perhaps(&COOK));
    sample::truth_function(&COOK, "cook");
    sample::truth_function(&WAITER, "serve");
    sample::truth_function(&GUEST, "sip");
    sample::truth_is("absent", "[\"CT102\"]");
    sample::rest(5);
}
