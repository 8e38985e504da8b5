// SPDX-License-Identifier: Apache-2.0
//! A lock whose guard was forgotten by a thread that has ended: nobody has it, and nobody gets it. Another
//! one is poisoned, which does not keep anybody from taking it.
mod sample;

use sample::{object, Actor, Told};
use std::sync::Mutex;

static CACHE: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static LOG: Mutex<u32> = Mutex::new(0);

#[inline(never)]
fn fill() {
    let guard = CACHE.lock().unwrap();
    std::mem::forget(guard);
}

#[inline(never)]
fn look_up() -> usize {
    let _log = LOG.lock().unwrap();
    CACHE.lock().unwrap().len()
}

static READER: Actor = Actor::new("reader");
static WRITER: Actor = Actor::new("writer");

fn main() {
    std::thread::spawn(fill).join().unwrap();
    sample::start(&READER, || assert!(look_up() > 0));
    sample::expect_wait(&READER, "mutex", Some(&object(&CACHE)), Told::name("*CACHE"));
    sample::start(&WRITER, || *LOG.lock().unwrap() += 1);
    sample::expect_wait(&WRITER, "mutex", Some(&object(&LOG)), Told::name("*LOG").found(&READER));
    sample::truth_function(&READER, "look_up");
    sample::truth_is("absent", "[\"CT101\",\"CT102\"]");
    sample::rest(3);
}
