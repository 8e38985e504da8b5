// SPDX-License-Identifier: Apache-2.0
//! Two initialisers that need each other.
mod sample;

use sample::{object, Actor, Meeting, Told};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Once;

struct Module {
    loaded: Once,
    version: AtomicU32,
}

impl Module {
    const fn new() -> Module {
        Module { loaded: Once::new(), version: AtomicU32::new(0) }
    }
}

static CODEC: Module = Module::new();
static TABLES: Module = Module::new();
static BOTH_BEGAN: Meeting = Meeting::of(2);

#[inline(never)]
fn load_codec() {
    BOTH_BEGAN.attend();
    CODEC.version.store(1 + tables_version(), Ordering::Release);
}

#[inline(never)]
fn load_tables() {
    BOTH_BEGAN.attend();
    TABLES.version.store(1 + codec_version(), Ordering::Release);
}

#[inline(never)]
fn codec_version() -> u32 {
    CODEC.loaded.call_once(load_codec);
    CODEC.version.load(Ordering::Acquire)
}

#[inline(never)]
fn tables_version() -> u32 {
    TABLES.loaded.call_once(load_tables);
    TABLES.version.load(Ordering::Acquire)
}

static DECODER: Actor = Actor::new("decoder");
static INDEXER: Actor = Actor::new("indexer");

fn main() {
    sample::start(&DECODER, || drop(codec_version()));
    sample::start(&INDEXER, || drop(tables_version()));
    sample::expect_once(&DECODER, &object(&TABLES.loaded), Told::name("*TABLES.loaded").found(&INDEXER));
    sample::expect_once(&INDEXER, &object(&CODEC.loaded), Told::name("*CODEC.loaded").found(&DECODER));
    sample::truth_function(&DECODER, "load_codec");
    sample::truth_function(&INDEXER, "load_tables");
    sample::truth_likely_deadlock(&[&DECODER, &INDEXER]);
    sample::rest(3);
}
