// SPDX-License-Identifier: Apache-2.0

// A shop whose pool of connections to its database is empty: a report asks for a second connection while it reads what
// a first one gives, a transfer forgets to ask its transaction, and somebody forgot to close what he was given; who
// comes then waits. Near it a pool that is busy but goes on, and one that may still open connections. And pools that are
// being closed, while a statement is: one of them by a bank that does not answer any more, one by a slow bank.
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"time"
)

// A bank is a driver that gives rows out of nothing. slow: it takes for ever to connect, to answer, or to forget.
type bank struct{ slowToConnect, slowToAnswer, slowToForget, deaf bool }

// By this a bank that is deaf would hear.
var calls = make(chan int)

func (b *bank) Connect(context.Context) (driver.Conn, error) {
	if b.slowToConnect {
		time.Sleep(time.Hour)
	}
	return &line{b}, nil
}

func (b *bank) Driver() driver.Driver { return b }

func (b *bank) Open(string) (driver.Conn, error) {
	return nil, errors.New("the bank is asked for by a connector")
}

type line struct{ bank *bank }

func (l *line) Prepare(string) (driver.Stmt, error) { return &question{l}, nil }
func (l *line) Close() error                        { return nil }
func (l *line) Begin() (driver.Tx, error)           { return contract{}, nil }

type contract struct{}

func (contract) Commit() error   { return nil }
func (contract) Rollback() error { return nil }

type question struct{ line *line }

func (q *question) NumInput() int { return -1 }

func (q *question) Close() error {
	if q.line.bank.slowToForget {
		time.Sleep(time.Hour)
	}
	if q.line.bank.deaf {
		<-calls
	}
	return nil
}

func (q *question) Exec([]driver.Value) (driver.Result, error) {
	if q.line.bank.slowToAnswer {
		time.Sleep(time.Hour)
	}
	return driver.RowsAffected(1), nil
}

func (q *question) Query([]driver.Value) (driver.Rows, error) { return &answers{}, nil }

type answers struct{ n int64 }

func (a *answers) Columns() []string { return []string{"number"} }
func (a *answers) Close() error      { return nil }

func (a *answers) Next(into []driver.Value) error {
	if a.n == 1000 {
		return io.EOF
	}
	a.n++
	into[0] = a.n
	return nil
}

type shop struct {
	db   *sql.DB
	busy meeting // of those that have a connection, before they want another
}

// For each order it asks again, while the first connection is still busy with the orders.
//
//go:noinline
func (s *shop) report() int64 {
	var order, sum, price int64
	rows, err := s.db.Query("select orders")
	must(err, "orders")
	defer rows.Close()
	s.busy.attend()
	for rows.Next() {
		must(rows.Scan(&order), "an order")
		must(s.db.QueryRow("select price").Scan(&price), "a price")
		sum += price
	}
	return sum
}

// It has a transaction, and does not ask it.
//
//go:noinline
func (s *shop) transfer() {
	tx, err := s.db.Begin()
	must(err, "begin")
	s.busy.attend()
	_, err = s.db.Exec("update accounts")
	must(err, "update")
	must(tx.Commit(), "commit")
}

// Whether there is an order is all that it wants to know.
//
//go:noinline
func (s *shop) anyOrder() bool {
	rows, err := s.db.Query("select orders")
	must(err, "orders")
	return rows.Next()
}

//go:noinline
func (s *shop) page(ctx context.Context) {
	_, err := s.db.ExecContext(ctx, "insert visit")
	must(err, "insert")
}

// By this the money comes, from whoever has it one day.
var paid = make(chan int)

// Something that has the transaction in one of its fields.
type basket struct {
	customer string
	tx       *sql.Tx
}

//go:noinline
func (b *basket) pay(paid chan int) int {
	n := <-paid
	must(b.tx.Commit(), b.customer)
	return n
}

func open(b *bank, most int) *shop {
	db := sql.OpenDB(b)
	db.SetMaxOpenConns(most)
	return &shop{db, meeting{needed: 2}}
}

// waits until so many wait for a connection.
func (s *shop) waits(n int64) {
	for begin := time.Now(); s.db.Stats().WaitCount < n; time.Sleep(time.Millisecond) {
		if time.Since(begin) > patience {
			fail("nobody waits for a connection")
		}
	}
}

// used waits until so many connections are in use.
func (s *shop) used(n int) {
	for begin := time.Now(); s.db.Stats().InUse < n; time.Sleep(time.Millisecond) {
		if time.Since(begin) > patience {
			fail("nobody uses a connection")
		}
	}
}

// closed is closed by one of them, which waits for the lock that the other has while it forgets a statement.
func closed(b *bank, reason string) (closing, forgetting *actor) {
	s := open(b, 2)
	statement, err := s.db.Prepare("select orders")
	must(err, "prepare")
	forgetting = start("forgetting", func() { _ = statement.Close() })
	expect(forgetting, "main.(*question).Close", nil, reason)
	closing = start("closing", func() { _ = s.db.Close() })
	expect(closing, "database/sql.(*DB).Close", nil, forMutex...)
	wait(closing, "mutex", nil, heldBy(forgetting))
	return closing, forgetting
}

func main() {
	self := named("main")
	self.enter()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	selling := open(&bank{}, 4)
	if !selling.anyOrder() {
		fail("no order")
	}
	selling.used(1)
	tx, err := selling.db.Begin()
	must(err, "begin")
	buyer := &basket{"a customer", tx}
	paying := start("buyer", func() { buyer.pay(paid) })
	reporting := start("report", func() { selling.report() })
	transferring := start("transfer", func() { selling.transfer() })
	selling.waits(2)
	visitor := start("visitor", func() { selling.page(context.Background()) })
	other := start("visitor who may go", func() { selling.page(ctx) })
	selling.waits(4)

	// One has the connection and goes on.
	busy := open(&bank{slowToAnswer: true}, 1)
	clerk := start("clerk", func() { busy.page(context.Background()) })
	busy.used(1)
	customer := start("customer", func() { busy.page(context.Background()) })
	busy.waits(1)

	// One transaction is in what two have: who of them ends it is not known.
	shared := open(&bank{}, 1)
	theirs, err := shared.db.Begin()
	must(err, "begin")
	both := &basket{"two customers", theirs}
	one, two := start("one buyer", func() { both.pay(paid) }), start("two buyers", func() { both.pay(paid) })
	third := start("a third", func() { shared.page(context.Background()) })
	shared.waits(1)

	// Another may be opened, and is.
	roomy := open(&bank{slowToConnect: true}, 3)
	early := start("early", func() { roomy.page(context.Background()) })

	for _, one := range []*actor{reporting, transferring, visitor, other, customer, third} {
		expect(one, "database/sql.(*DB).conn", nil, "select")
	}
	for _, one := range []*actor{reporting, transferring, visitor, customer, third} {
		wait(one, "chan-recv", nil, nil)
	}
	tell("select", fields{"tid": other, "all": false, "timed": false, "cases": []fields{receive(ctx.Done())}})
	for _, buyer := range []*actor{paying, one, two} {
		wait(buyer, "chan-recv", paid, nil)
		expect(buyer, "main.(*basket).pay", nil, "chan receive")
	}
	expect(clerk, "main.(*question).Exec", nil, "sleep")
	expect(early, "main.(*bank).Connect", nil, "sleep")
	waiting := []*actor{reporting, transferring, visitor, other}
	finding("CT229", "P1", waiting, "likely")
	tell("steps", fields{"rule": "CT229", "tids": waiting, "words": []string{
		"has a connection of it and waits for another one of it: with Rows that are not closed",
		"has a connection of it and waits for another one of it: with a Tx",
		"has a connection, with a Tx that is neither committed nor rolled back, and is waiting",
		"nothing leads to that any more"}})
	finding("CT229", "P2", []*actor{customer}, "possible")
	finding("CT229", "P2", []*actor{third}, "possible")
	tell("steps", fields{"rule": "CT229", "tids": []*actor{third}, "words": []string{
		"a connection is with a Tx that is neither committed nor rolled back; which goroutine will give it back is not known"}})
	closing, forgetting := closed(&bank{deaf: true}, "chan receive")
	wait(forgetting, "chan-recv", calls, nil)
	finding("CT228", "P1", []*actor{closing}, "likely")
	tell("steps", fields{"rule": "CT228", "tids": []*actor{closing}, "words": []string{"nobody is known who will end that"}})
	patiently, slowly := closed(&bank{slowToForget: true}, "sleep")
	tell("not_stuck", []*actor{early, clerk})
	tell("none_about", fields{"rules": []string{"CT228"}, "tids": []*actor{patiently, slowly}})
	rest(self)
}
