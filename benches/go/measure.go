package bench

import (
	"runtime"
	"slices"
	"sync"
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

// onTwo does work on two threads at once and gives how much more gets done than on one. Both are taken as in
// interleave, by their lower deciles.
func onTwo(rounds, times int, work func(thread int)) float64 {
	loop := func(thread int) time.Duration {
		begun := time.Now()
		for range times {
			work(thread)
		}
		return time.Since(begun)
	}
	one := make([]time.Duration, rounds)
	both := make([]time.Duration, rounds)
	for round := range rounds {
		one[round] = loop(0)
		var other sync.WaitGroup
		begun := time.Now()
		other.Add(1)
		go func() { defer other.Done(); loop(1) }()
		loop(0)
		other.Wait()
		both[round] = time.Since(begun)
	}
	slices.Sort(one)
	slices.Sort(both)
	return 2 * one[rounds/10].Seconds() / both[rounds/10].Seconds()
}
