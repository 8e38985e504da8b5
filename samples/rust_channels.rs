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
    let (at_pass, at_table) = (sample::channel_of(&pass), sample::channel_of(&orders));
    let at_glass = sample::channel_of(&water);
    sample::start(&COOK, || cook(pass));
    sample::start(&WAITER, || serve(table));
    sample::start(&GUEST, || sip(glass));
    COOKING.pass();
    sample::start(&HEAD, move || {
        let recipe = RECIPE.lock().unwrap();
        orders.send(format!("{} of {}", dishes.recv().unwrap(), recipe)).unwrap();
        water.send(1).unwrap();
    });
    let full = "\"flavour\":\"bounded\",\"messages\":2,\"capacity\":2,\"senders\":1";
    sample::expect_channel(&COOK, "chan-send", at_pass, false, full);
    sample::expect_channel(&WAITER, "chan-recv", at_table, false, "\"flavour\":\"unbounded\",\"messages\":0");
    sample::expect_channel(&GUEST, "chan-recv", at_glass, false, "\"flavour\":\"rendezvous\",\"senders\":1");
    // A loop without end neither releases it nor, where panics abort, would an exception.
    let told = Told::name("*RECIPE");
    let told = if cfg!(panic = "abort") { told.perhaps(&COOK) } else { told.found(&COOK) };
    sample::expect_wait(&HEAD, "mutex", Some(&object(&RECIPE)), told);
    for waiter in [&COOK, &WAITER, &GUEST] {
        sample::truth_a_peer(waiter, &HEAD);
    }
    sample::truth_function(&COOK, "cook");
    sample::truth_function(&WAITER, "serve");
    sample::truth_function(&GUEST, "sip");
    sample::truth_is("absent", "[\"CT102\"]");
    sample::rest(5);
}
