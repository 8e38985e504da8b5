// SPDX-License-Identifier: Apache-2.0
//! A panic, with a hook that aborts so that there is a core: its message and place.
mod sample;

use sample::{Actor, Gate};
use std::io::{Read, Write};

static SHIPPING: Actor = Actor::new("shipping");
static END: Gate = Gate::closed();

#[inline(never)]
fn ship(orders: &[u32], order: usize) -> u32 {
    orders[order]
}

#[inline(never)]
fn ship_all(orders: &[u32]) -> u32 {
    END.pass();
    (0..=orders.len()).map(|order| ship(orders, order)).sum()
}

fn main() {
    std::panic::set_hook(Box::new(|_| std::process::abort()));
    sample::start(&SHIPPING, || assert!(ship_all(&[4, 5, 6]) > 0));
    let tid = SHIPPING.tid();
    println!("{{\"signal\":{{\"number\":6,\"tid\":{tid}}}}}");
    println!(
        "{{\"crash\":{{\"tid\":{tid},\"class\":[\"rust-panic\"],\"unnamed\":[\"abort\"],\"cause\":\"rust_panic.rs:13:5\",\
         \"message\":\"index out of bounds: the len is 3 but the index is 3\"}}}}"
    );
    sample::truth_function(&SHIPPING, "ship_all");
    sample::truth_is("verdict", "[\"crash\"]");
    println!("{{\"threads\":2}}\n{{\"ready\":true}}");
    std::io::stdout().flush().expect("stdout");
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).expect("stdin");
    END.open();
    loop {
        sample::sleep_ms(1000);
    }
}
