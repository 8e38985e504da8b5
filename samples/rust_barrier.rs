// SPDX-License-Identifier: Apache-2.0
//! A barrier for four to which only three can come: main makes the fourth thread only when it is over.
mod sample;

use sample::{Actor, Object, Told};
use std::sync::Arc;
use std::sync::Barrier;

#[inline(never)]
fn solve(together: &Barrier) {
    if together.wait().is_leader() {
        sample::sleep_ms(1);
    }
}

static SOLVERS: [Actor; 3] = [Actor::new("solver-1"), Actor::new("solver-2"), Actor::new("solver-3")];

fn main() {
    let together = Arc::new(Barrier::new(SOLVERS.len() + 1));
    for solver in &SOLVERS {
        let together = together.clone();
        sample::start(solver, move || solve(&together));
    }
    for solver in &SOLVERS {
        let barrier = Object { address: &*together as *const Barrier as usize, word: None };
        sample::expect_wait(solver, "barrier", Some(&barrier), Told::nothing());
        sample::truth_function(solver, "solve");
    }
    sample::truth_is("absent", "[\"CT101\",\"CT102\"]");
    sample::rest(4);
}
