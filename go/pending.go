//go:build cgo

package counterseal

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/counterseal/counterseal/go/internal/native"
)

// patience is how long a caller goes on waiting for keys, for all tokens of one call.
type patience struct {
	timer *time.Timer
	ended chan struct{} // stays closed for the other tokens of the call
}

func (p *patience) over(wait time.Duration) <-chan struct{} {
	if p.timer == nil {
		ended := make(chan struct{})
		p.ended = ended
		p.timer = time.AfterFunc(wait, func() { close(ended) })
	}
	return p.ended
}

func (p *patience) end() {
	if p.timer != nil {
		p.timer.Stop()
	}
}

// Ready waits until the keys of every issuer are there: at start-up, or for a readiness probe. Where they
// cannot be had, or not before ctx ends, the error is an [*UnavailableError].
func (g *Guard) Ready(ctx context.Context) error {
	if g == nil || g.handle == 0 {
		return misuse("guard")
	}
	if ctx == nil {
		return misuse("ctx")
	}
	defer runtime.KeepAlive(g)
	for {
		awaited := native.GuardReadiness(g.handle)
		if awaited.Error != 0 {
			return newError(awaited.Error, nil)
		}
		if awaited.Handle == 0 {
			return nil
		}
		err := g.wait(ctx, awaited.Handle, nil)
		native.FlightFree(awaited.Handle)
		if err != nil {
			return err
		}
	}
}

// wait returns when a flight is over, so that asking again is worth while; otherwise with the outage, which
// matches the context's error where that was the reason.
func (g *Guard) wait(ctx context.Context, flight uintptr, over <-chan struct{}) error {
	if err := ctx.Err(); err != nil {
		return g.keysUnavailable(flight, err)
	}
	ticket, landed, err := waiters.watch(g.handle, flight)
	if err != nil {
		return err
	}
	select {
	case <-landed:
		return nil
	case <-over:
		err = g.keysUnavailable(flight, nil)
	case <-ctx.Done():
		err = g.keysUnavailable(flight, ctx.Err())
	}
	waiters.cancel(g.handle, ticket)
	return err
}

// waiters are all goroutines that wait for keys, of all guards.
var waiters queue

// A queue wakes those who wait. One goroutine takes the tickets out of the library, and only while somebody
// waits: a program without waiting has neither it nor the thread that it sits on.
type queue struct {
	mutex    sync.Mutex
	handle   uintptr
	last     uint64
	waiting  map[uint64]chan struct{}
	draining bool
}

func (q *queue) watch(guard, flight uintptr) (uint64, <-chan struct{}, error) {
	ticket, landed, err := q.register()
	if err != nil {
		return 0, nil, err
	}
	if watched := native.PendingWatch(q.handle, guard, flight, ticket); watched.Error != 0 {
		q.forget(ticket)
		return 0, nil, newError(watched.Error, nil)
	}
	return ticket, landed, nil
}

func (q *queue) cancel(guard uintptr, ticket uint64) {
	if q.forget(ticket) {
		if canceled := native.PendingCancel(q.handle, guard, ticket); canceled.Error != 0 {
			native.ErrorFree(canceled.Error)
		}
	}
}

func (q *queue) register() (uint64, <-chan struct{}, error) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.handle == 0 {
		made := native.PendingNew()
		if made.Error != 0 {
			return 0, nil, newError(made.Error, nil)
		}
		q.handle = made.Handle
		q.waiting = make(map[uint64]chan struct{})
	}
	q.last++
	landed := make(chan struct{})
	q.waiting[q.last] = landed
	if !q.draining {
		q.draining = true
		go q.drain()
	}
	return q.last, landed, nil
}

// forget says whether somebody still waited with that ticket.
func (q *queue) forget(ticket uint64) bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	_, waits := q.waiting[ticket]
	delete(q.waiting, ticket)
	return waits
}

// idle is how long the goroutine stays after the last caller is gone.
const idle = 200 * time.Millisecond

func (q *queue) drain() {
	var tickets [64]uint64
	for {
		count := native.PendingNext(q.handle, tickets[:], idle)
		q.mutex.Lock()
		for _, ticket := range tickets[:count] {
			if landed, waits := q.waiting[ticket]; waits {
				close(landed)
				delete(q.waiting, ticket)
			}
		}
		if len(q.waiting) == 0 {
			q.draining = false
			q.mutex.Unlock()
			return
		}
		q.mutex.Unlock()
	}
}
