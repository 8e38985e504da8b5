// SPDX-License-Identifier: Apache-2.0
//! No deadlock: readers wait for a writer who waits for input, and another writer behind him.
mod sample;

use sample::{object, object_at, Actor, Gate, Told};
use std::io::Read;
use std::sync::RwLock;

static CATALOGUE: RwLock<String> = RwLock::new(String::new());
static WRITING: Gate = Gate::closed();

#[inline(never)]
fn import() {
    let mut catalogue = CATALOGUE.write().unwrap();
    WRITING.open();
    std::io::stdin().read_to_string(&mut catalogue).unwrap();
}

static IMPORTER: Actor = Actor::new("importer");
static READER: Actor = Actor::new("reader");
static WRITER: Actor = Actor::new("writer");

fn main() {
    sample::start(&IMPORTER, import);
    WRITING.pass();
    sample::start(&READER, || drop(CATALOGUE.read().unwrap()));
    sample::start(&WRITER, || CATALOGUE.write().unwrap().clear());
    let told = Told::name("*CATALOGUE").found(&IMPORTER);
    sample::expect_syscall(&IMPORTER, 0);
    sample::expect_wait(&READER, "rwlock-read", Some(&object(&CATALOGUE)), told);
    sample::expect_wait(&WRITER, "rwlock-write", Some(&object_at(&CATALOGUE, 4)), told);
    sample::truth_function(&IMPORTER, "import");
    sample::truth_is("verdict", "[\"clean\"]");
    sample::rest(4);
}
