//go:build cgo

package countersealtest

import (
	"testing"
	"time"

	"github.com/counterseal/counterseal/go/internal/native"
)

// A Clock stands until it is moved.
type Clock struct {
	test   testing.TB
	handle uintptr
}

// NewClock makes a clock that shows now, to a second. It lives as long as its test.
func NewClock(test testing.TB, now time.Time) *Clock {
	test.Helper()
	clock := &Clock{test, take(test, native.ClockNew(now.Unix()))}
	test.Cleanup(func() { native.ClockFree(clock.handle) })
	return clock
}

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.test.Helper()
	return c.Advance(0)
}

// Set sets the clock, to a second.
func (c *Clock) Set(now time.Time) {
	c.test.Helper()
	take(c.test, native.ClockSet(c.handle, now.Unix()))
}

// Advance moves the clock by whole seconds and gives what it shows then.
func (c *Clock) Advance(by time.Duration) time.Time {
	c.test.Helper()
	now, moved := native.ClockAdvance(c.handle, int64(by/time.Second))
	take(c.test, moved)
	return time.Unix(now, 0).UTC()
}
