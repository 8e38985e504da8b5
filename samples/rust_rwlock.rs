// SPDX-License-Identifier: Apache-2.0
//! A price list: who has read a price wants to write it while another still reads, and a third one reads
//! behind the writer. The one that still reads waits for stock, which the writer has.
mod sample;

use sample::{object, object_at, Actor, Gate, Told};
use std::sync::{Mutex, RwLock};

struct Prices {
    list: RwLock<Vec<u32>>,
}

static PRICES: Prices = Prices { list: RwLock::new(Vec::new()) };
static STOCK: Mutex<u32> = Mutex::new(7);
static READ: Gate = Gate::closed();
static STOCKED: Gate = Gate::closed();

#[inline(never)]
fn quote() -> usize {
    let list = PRICES.list.read().unwrap();
    READ.open();
    STOCKED.pass();
    let stock = STOCK.lock().unwrap();
    list.len() + *stock as usize
}

#[inline(never)]
fn reprice() {
    let stock = STOCK.lock().unwrap();
    STOCKED.open();
    let mut list = PRICES.list.write().unwrap();
    list.push(*stock);
}

#[inline(never)]
fn browse() -> usize {
    PRICES.list.read().unwrap().len()
}

static QUOTER: Actor = Actor::new("quoter");
static EDITOR: Actor = Actor::new("editor");
static VISITOR: Actor = Actor::new("visitor");

fn main() {
    sample::start(&QUOTER, || assert!(quote() > 0));
    READ.pass();
    sample::start(&EDITOR, reprice);
    let behind_reader = Told::name("*PRICES.list").found(&QUOTER);
    sample::expect_wait(&EDITOR, "rwlock-write", Some(&object_at(&PRICES.list, 4)), behind_reader);
    let behind_editor = Told::name("*STOCK").found(&EDITOR);
    sample::expect_wait(&QUOTER, "mutex", Some(&object(&STOCK)), behind_editor);
    // Rust's lock lets writers go first.
    sample::start(&VISITOR, || assert!(browse() > 0));
    sample::expect_wait(&VISITOR, "rwlock-read", Some(&object(&PRICES.list)), behind_reader);
    sample::truth_function(&QUOTER, "quote");
    sample::truth_function(&EDITOR, "reprice");
    sample::truth_function(&VISITOR, "browse");
    sample::truth_likely_deadlock(&[&QUOTER, &EDITOR]);
    sample::rest(4);
}
