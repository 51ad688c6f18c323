//go:build cgo

package counterseal

import (
	"context"
	"sync"
	"time"

	"github.com/counterseal/counterseal/go/internal/native"
)

// patience is how long a caller goes on waiting for keys, for all tokens of one call.
type patience struct {
	timer *time.Timer
}

func (p *patience) over(wait time.Duration) <-chan time.Time {
	if p.timer == nil {
		p.timer = time.NewTimer(wait)
	}
	return p.timer.C
}

func (p *patience) end() {
	if p.timer != nil {
		p.timer.Stop()
	}
}

// wait returns when the flight of an answer is over, so that asking again is worth while; otherwise with the
// outage, which matches the context's error where that was the reason.
func (g *Guard) wait(ctx context.Context, answer native.Answer, patience *patience) error {
	over := patience.over(answer.Wait)
	if err := ctx.Err(); err != nil {
		return g.keysUnavailable(answer.Flight, err)
	}
	ticket, landed, err := waiters.watch(g.handle, answer.Flight)
	if err != nil {
		return err
	}
	select {
	case <-landed:
		return nil
	case <-over:
		// It stays over for the other tokens of this call.
		patience.timer.Reset(0)
		err = g.keysUnavailable(answer.Flight, nil)
	case <-ctx.Done():
		err = g.keysUnavailable(answer.Flight, ctx.Err())
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
