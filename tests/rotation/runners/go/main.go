// Verifies while keys are rotated: go-rotation POLICY. README.md of the folder above says what is asked and answered.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	counterseal "github.com/counterseal/counterseal/go"
)

const workers = 3

type question struct {
	Live    []string
	Removed []string
}

// A load is goroutines that verify the live tokens, again and again.
type load struct {
	guard    *counterseal.Guard
	live     atomic.Pointer[[]string]
	turns    [workers]atomic.Int64
	verified atomic.Int64
	isOver   atomic.Bool
	running  sync.WaitGroup

	lock     sync.Mutex
	refusals map[string]int
}

func main() {
	guard, err := counterseal.LoadGuard(os.Args[1])
	must(err)
	load := &load{guard: guard, refusals: map[string]int{}}
	load.live.Store(&[]string{})
	for number := range workers {
		load.running.Add(1)
		go load.work(number)
	}
	var gone []string
	questions, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var asked question
		if err := questions.Decode(&asked); errors.Is(err, io.EOF) {
			return
		} else {
			must(err)
		}
		switch {
		case asked.Live != nil:
			load.replace(asked.Live)
			must(answers.Encode(struct{}{}))
		case asked.Removed != nil:
			gone = append(gone, asked.Removed...)
			must(answers.Encode(refuse(guard, asked.Removed)))
		default:
			must(answers.Encode(load.end(gone)))
		}
	}
}

func (l *load) work(number int) {
	defer l.running.Done()
	for !l.isOver.Load() {
		l.turns[number].Add(1)
		for _, token := range *l.live.Load() {
			if _, err := l.guard.Verify(context.Background(), token); err == nil {
				l.verified.Add(1)
			} else {
				l.lock.Lock()
				l.refusals[codeOf(err)]++
				l.lock.Unlock()
			}
		}
		time.Sleep(time.Millisecond)
	}
}

// replace returns when nobody verifies any more what was live before.
func (l *load) replace(live []string) {
	l.live.Store(&live)
	for number := range workers {
		begun := l.turns[number].Load()
		for l.turns[number].Load() < begun+2 {
			time.Sleep(time.Millisecond)
		}
	}
}

func (l *load) end(gone []string) any {
	l.isOver.Store(true)
	l.running.Wait()
	codes, counted := codesOf(l.guard, gone), counts(l.guard)
	return map[string]any{
		"verified": l.verified.Load(), "refusals": l.refusals, "codes": codes,
		"refreshes": counted.Refreshes, "failures": counted.Failures, "attempts": counted.Attempts,
	}
}

// refuse verifies tokens whose key is gone until none of them passes: after how many refreshes, and how long?
func refuse(guard *counterseal.Guard, tokens []string) any {
	begun, before := time.Now(), counts(guard)
	// What was under way when the key left is not a refresh after it.
	least := before.Refreshes
	if before.InFlight {
		least++
	}
	last := 0
	for _, token := range tokens {
		for {
			counted := counts(guard).Refreshes
			if _, err := guard.TryVerify(token); err != nil {
				break
			}
			last = max(last, counted-least+1) // it was good after so many refreshes
			time.Sleep(5 * time.Millisecond)
		}
	}
	return map[string]any{"refreshes": last, "took_ms": time.Since(begun).Milliseconds()}
}

// codesOf tells how they are refused, once a fetch has proved what is unknown.
func codesOf(guard *counterseal.Guard, tokens []string) []string {
	found := map[string]bool{}
	for len(tokens) > 0 {
		var open []string
		for _, token := range tokens {
			_, err := guard.TryVerify(token)
			switch {
			case err == nil:
				found["verified"] = true
			case errors.Is(err, counterseal.ErrKeysUnavailable):
				open = append(open, token)
			default:
				found[codeOf(err)] = true
			}
		}
		tokens = open
		time.Sleep(10 * time.Millisecond)
	}
	return slices.Sorted(maps.Keys(found))
}

type fetch struct {
	Attempts  int
	Refreshes int
	Failures  int
	InFlight  bool `json:"in_flight"`
}

func counts(guard *counterseal.Guard) fetch {
	text, err := guard.Status()
	must(err)
	var status struct{ Issuers []struct{ Fetch fetch } }
	must(json.Unmarshal(text, &status))
	return status.Issuers[0].Fetch
}

func codeOf(err error) string {
	var rejected *counterseal.TokenRejectedError
	var outage *counterseal.UnavailableError
	switch {
	case errors.As(err, &rejected):
		return rejected.Code.String()
	case errors.As(err, &outage):
		return outage.Code.String()
	default:
		panic(err)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
