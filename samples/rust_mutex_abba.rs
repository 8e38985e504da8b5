// SPDX-License-Identifier: Apache-2.0
//! Two accounts are locked in opposite order, by guards that live on the stacks of those who transfer.
mod sample;

use sample::{object, Actor, Meeting, Told};
use std::sync::Mutex;

struct Account {
    balance: Mutex<i64>,
}

static SALARY: Account = Account { balance: Mutex::new(1200) };
static RENT: Account = Account { balance: Mutex::new(800) };
static BOTH_HOLD_ONE: Meeting = Meeting::of(2);

#[inline(never)]
fn transfer(from: &Account, to: &Account, amount: i64) {
    let mut source = from.balance.lock().unwrap();
    BOTH_HOLD_ONE.attend();
    let mut target = to.balance.lock().unwrap();
    *source -= amount;
    *target += amount;
}

static PAYER: Actor = Actor::new("payer");
static LANDLORD: Actor = Actor::new("landlord");

fn main() {
    sample::start(&PAYER, || transfer(&SALARY, &RENT, 700));
    sample::start(&LANDLORD, || transfer(&RENT, &SALARY, 50));
    sample::expect_wait(&PAYER, "mutex", Some(&object(&RENT.balance)), Told::name("*RENT.balance").found(&LANDLORD));
    sample::expect_wait(
        &LANDLORD,
        "mutex",
        Some(&object(&SALARY.balance)),
        Told::name("*SALARY.balance").found(&PAYER),
    );
    sample::truth_function(&PAYER, "transfer");
    sample::truth_likely_deadlock(&[&PAYER, &LANDLORD]);
    sample::rest(3);
}
