//go:build cgo

package countersealtest

import (
	"testing"
	"time"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/internal/native"
)

// LiveHandles counts the objects of libcounterseal that are still held: a program that holds none has 0, once
// the garbage collector has run its cleanups.
func LiveHandles() int64 { return native.LiveHandles() }

// FailInside makes the next calls fail as if Counterseal itself were broken, whoever makes them.
func FailInside(calls int) { native.Panic(calls) }

// Measure verifies a token so many times without leaving libcounterseal, and gives the time that all of them
// took: what is more, a Go program pays for the way there and back.
func Measure(test testing.TB, guard *counterseal.Guard, token string, times int) time.Duration {
	test.Helper()
	took, measured := native.Measure(native.GuardHandle(guard), token, times)
	take(test, measured)
	return took
}
