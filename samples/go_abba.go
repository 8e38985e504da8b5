// SPDX-License-Identifier: Apache-2.0

// Two transfers lock two accounts in opposite order: one unlocks by defer, the other by a call at its end. Beside
// them stands a third behind the second, and a fourth who let go before: neither is part of it.
package main

import "sync"

type account struct {
	owner   string
	lock    sync.Mutex
	balance int64
}

var (
	salary  = account{owner: "salary"}
	rent    account
	savings account
	both    = meeting{needed: 2}
)

//go:noinline
func transferWithDefer(from, to *account, amount int64) {
	from.lock.Lock()
	defer from.lock.Unlock()
	both.attend()
	to.lock.Lock()
	defer to.lock.Unlock()
	from.balance -= amount
	to.balance += amount
}

//go:noinline
func transfer(from, to *account, amount int64) {
	from.lock.Lock()
	both.attend()
	to.lock.Lock()
	from.balance -= amount
	to.balance += amount
	to.lock.Unlock()
	from.lock.Unlock()
}

//go:noinline
func audit(first, second *account) int64 {
	first.lock.Lock()
	sum := first.balance
	first.lock.Unlock()
	second.lock.Lock()
	sum += second.balance
	second.lock.Unlock()
	return sum
}

func main() {
	self := named("main")
	self.enter()
	heap := &savings
	if len(salary.owner) > 3 {
		heap = &account{owner: "heap"}
	}
	payer := start("payer", func() { transferWithDefer(&salary, heap, 700) })
	saver := start("saver", func() { transfer(heap, &salary, 50) })
	expectMutex(payer, "main.transferWithDefer", &heap.lock, heldBy(saver))
	expectMutex(saver, "main.transfer", &salary.lock, heldBy(payer))
	auditor := start("auditor", func() { audit(&rent, &salary) })
	expectMutex(auditor, "main.audit", &salary.lock, heldBy(payer))
	holds(payer, &salary.lock, "exclusive")
	holds(saver, &heap.lock, "exclusive")
	notHeldBy(auditor, &rent.lock)
	deadlock(payer, saver)
	rest(self)
}
