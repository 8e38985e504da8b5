// SPDX-License-Identifier: Apache-2.0
// Never run: it links what the rows of fields.h are about, so that the types are in its DWARF.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

type store struct {
	sync.RWMutex
	lock    sync.Mutex
	once    sync.Once
	group   sync.WaitGroup
	changed *sync.Cond
	pool    sync.Pool
	names   map[string]int
	any     sync.Map
}

func serve(s *store, at string) error {
	listener, err := net.Listen("tcp", at)
	if err != nil {
		return err
	}
	for {
		peer, err := listener.Accept()
		if err != nil {
			return err
		}
		s.group.Add(1)
		go func() {
			defer s.group.Done()
			defer func() { fmt.Println(recover()) }()
			fmt.Fprint(peer, s.pool.Get(), s.names[at])
		}()
	}
}

func main() {
	s := &store{names: map[string]int{}}
	s.changed = sync.NewCond(&s.lock)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	time.AfterFunc(time.Second, s.changed.Broadcast)
	runtime.SetFinalizer(s, func(*store) {})
	s.once.Do(func() { s.any.Store(1, exec.CommandContext(ctx, "true").Run()) })
	go func() { panic(serve(s, os.Args[1])) }()
	s.lock.Lock()
	s.changed.Wait()
	select {
	case <-ctx.Done():
	case <-time.NewTicker(time.Second).C:
	}
	debug.FreeOSMemory()
	debug.WriteHeapDump(0)
	s.group.Wait()
}
