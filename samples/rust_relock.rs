// SPDX-License-Identifier: Apache-2.0
//! A method that holds its object's lock calls another one that takes it as well.
mod sample;

use sample::{object, Actor, Told};
use std::sync::{Mutex, MutexGuard};

struct Ledger {
    entries: Mutex<Vec<i64>>,
}

static LEDGER: Ledger = Ledger { entries: Mutex::new(Vec::new()) };

impl Ledger {
    #[inline(never)]
    fn total(&self) -> i64 {
        self.entries.lock().unwrap().iter().sum()
    }

    #[inline(never)]
    fn append(&self, entry: i64) {
        let mut entries: MutexGuard<Vec<i64>> = self.entries.lock().unwrap();
        entries.push(entry);
        let total = self.total();
        entries.push(total);
    }
}

static CLERK: Actor = Actor::new("clerk");

fn main() {
    sample::start(&CLERK, || LEDGER.append(250));
    let told = Told::name("*LEDGER.entries").found(&CLERK);
    sample::expect_wait(&CLERK, "mutex", Some(&object(&LEDGER.entries)), told);
    sample::truth_function(&CLERK, "append");
    sample::truth_likely_deadlock(&[&CLERK]);
    sample::rest(2);
}
