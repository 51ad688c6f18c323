package bench

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A subject is something to be measured: run does it so many times and says how long that took.
type subject struct {
	name    string
	run     func(times int) time.Duration
	samples []float64
	times   int
}

func timed(work func()) func(int) time.Duration {
	return func(times int) time.Duration {
		begun := time.Now()
		for range times {
			work()
		}
		return time.Since(begun)
	}
}

// interleave measures all subjects in turn, in pieces so short that most are not interrupted, and gives the
// nanoseconds of each: the lower decile, since whatever disturbs a piece makes it longer.
func interleave(rounds int, subjects ...*subject) map[string]float64 {
	const piece = 300 * time.Microsecond
	for _, s := range subjects {
		s.run(20)
		s.times = 1
		for s.run(s.times) < piece && s.times < 1<<20 {
			s.times *= 2
		}
	}
	for range rounds {
		for _, s := range subjects {
			took := s.run(s.times)
			s.samples = append(s.samples, float64(took.Nanoseconds())/float64(s.times))
		}
		runtime.Gosched()
	}
	nanoseconds := make(map[string]float64)
	for _, s := range subjects {
		slices.Sort(s.samples)
		nanoseconds[s.name] = s.samples[len(s.samples)/10]
	}
	return nanoseconds
}

// onTwo does work on two cores at once and gives how much more gets done than on one. Both threads are up, and on a
// core of their own, before a piece begins, and go on until both have measured it: a goroutine that is started for a
// piece of a millisecond may get its core only when that is over. Both are taken as in interleave, by their lower
// deciles; a piece on two takes as long as the slower thread needs.
func onTwo(rounds, times int, work func(thread int)) float64 {
	var alone, together [2][]time.Duration
	var step atomic.Int64 // what both have done so far
	reach := func(count int) {
		for step.Load() < int64(count) {
			runtime.Gosched()
		}
	}
	var threads sync.WaitGroup
	for thread := range 2 {
		piece := func() time.Duration { return timed(func() { work(thread) })(times) }
		threads.Go(func() {
			runtime.LockOSThread() // for good: the thread ends with this
			pin(thread)
			for round := range rounds {
				const steps = 6
				done := round * steps
				reach(done + thread) // one after the other
				alone[thread] = append(alone[thread], piece())
				step.Add(1)
				reach(done + 2)
				step.Add(1)
				for step.Load() < int64(done+4) { // both at once: nobody sleeps here
				}
				together[thread] = append(together[thread], piece())
				step.Add(1)
				for step.Load() < int64(done+steps) {
					work(thread)
				}
			}
		})
	}
	threads.Wait()
	one, both := alone[0], together[0]
	for round := range rounds {
		one[round] = (one[round] + alone[1][round]) / 2
		both[round] = max(both[round], together[1][round])
	}
	slices.Sort(one)
	slices.Sort(both)
	return 2 * one[rounds/10].Seconds() / both[rounds/10].Seconds()
}
