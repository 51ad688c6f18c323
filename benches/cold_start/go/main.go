// Measures in Go; README.md of the folder above says what is asked and answered.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	counterseal "github.com/counterseal/counterseal/go"
)

const (
	most    = time.Second
	samples = 1_000_000
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Scan()
	token := lines.Text()
	if os.Args[1] == "cold" {
		say(cold(os.Args[2], token))
		return
	}
	var guards []*counterseal.Guard
	for _, policy := range os.Args[2:] {
		guard := load(policy)
		timed(guard, token)
		guards = append(guards, guard)
	}
	for lines.Scan() {
		var measured []any
		for _, guard := range guards {
			measured = append(measured, measure(guard, token, lines.Text()))
		}
		say(measured)
	}
}

func cold(policy, token string) any {
	began := time.Now()
	guard := load(policy)
	timed(guard, token)
	first := time.Since(began)
	later := make([]int64, 50)
	for at := range later {
		later[at] = timed(guard, token)
	}
	slices.Sort(later)
	return map[string]int64{"import_ns": 0, "first_ns": first.Nanoseconds(), "later_ns": later[25]}
}

func measure(guard *counterseal.Guard, token, phase string) any {
	before := wait(guard, phase)
	taken := make([]int64, 0, samples)
	for begun := time.Now(); len(taken) < samples && time.Since(begun) < most; {
		taken = append(taken, timed(guard, token))
	}
	now := fetch(guard)
	var held bool
	switch phase {
	case "quiet":
		held = now.Attempts == before.Attempts
	case "refresh":
		held = now.InFlight && now.Attempts == before.Attempts
	default:
		held = now.State == "stale"
	}
	slices.Sort(taken)
	at := func(part float64) int64 { return taken[int(float64(len(taken))*part)] }
	return map[string]any{"count": len(taken), "ns": []int64{at(0.5), at(0.99), at(0.999)}, "held": held}
}

func wait(guard *counterseal.Guard, phase string) status {
	begun := fetch(guard)
	for {
		now := fetch(guard)
		switch {
		case phase == "quiet" && now.Refreshes > begun.Refreshes && !now.InFlight:
			return now
		case phase == "refresh" && now.InFlight:
			return now
		case phase == "down" && now.State == "stale" && now.Failures > 0:
			return now
		}
		time.Sleep(5 * time.Millisecond)
	}
}

type status struct {
	State                         string
	Attempts, Refreshes, Failures int
	InFlight                      bool
}

func fetch(guard *counterseal.Guard) status {
	text, err := guard.Status()
	must(err)
	var all struct {
		Issuers []struct {
			State string `json:"key_state"`
			Fetch struct {
				Attempts, Refreshes, Failures int
				InFlight                      bool `json:"in_flight"`
			}
		}
	}
	must(json.Unmarshal(text, &all))
	issuer := all.Issuers[0]
	return status{issuer.State, issuer.Fetch.Attempts, issuer.Fetch.Refreshes, issuer.Fetch.Failures, issuer.Fetch.InFlight}
}

func load(policy string) *counterseal.Guard {
	guard, err := counterseal.LoadGuard(policy)
	must(err)
	return guard
}

func timed(guard *counterseal.Guard, token string) int64 {
	began := time.Now()
	_, err := guard.Verify(context.Background(), token)
	took := time.Since(began)
	must(err)
	return took.Nanoseconds()
}

func say(what any) {
	text, err := json.Marshal(what)
	must(err)
	fmt.Println(string(text))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
