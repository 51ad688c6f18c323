// Runs the cases of FOLDER/go.json on the package: go-faults FOLDER.
//
// go-faults exit POLICY TOKEN [goroutine] begins a verification and ends at once, for ../../processes.py.
//
// The form of cases and outcomes is in ../../README.md. Nothing is expected here.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"

	counterseal "github.com/counterseal/counterseal/go"
)

type seat struct {
	Cases  []testCase
	AtOnce int `json:"at_once"`
	Heavy  []testCase
	Rounds [2]int
}

type testCase struct {
	Case   string
	Policy string
	Steps  []struct{ Way, Token string }
}

type outcome struct {
	Case      string    `json:"case"`
	Steps     []verdict `json:"steps"`
	State     string    `json:"state"`
	LastError *string   `json:"last_error"`
	Moved     int       `json:"moved"`
}

type verdict struct {
	Code   *string `json:"code"`
	Status *int    `json:"status"`
	TookMs int64   `json:"took_ms"`
}

func main() {
	if os.Args[1] == "exit" {
		exit(os.Args[2], os.Args[3], len(os.Args) > 4)
		return
	}
	folder := os.Args[1]
	var seat seat
	text, err := os.ReadFile(filepath.Join(folder, "go.json"))
	must(err)
	must(json.Unmarshal(text, &seat))

	outcomes := make([]outcome, len(seat.Cases))
	free := make(chan struct{}, seat.AtOnce)
	var running sync.WaitGroup
	for index, one := range seat.Cases {
		running.Add(1)
		free <- struct{}{}
		go func() {
			defer func() { <-free; running.Done() }()
			outcomes[index] = run(one)
		}()
	}
	running.Wait()
	var measured [2]int
	for index, rounds := range seat.Rounds {
		for range rounds {
			for _, one := range seat.Heavy {
				run(one)
			}
		}
		measured[index] = memoryOfProcess("VmRSS")
	}

	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	for _, outcome := range outcomes {
		must(lines.Encode(outcome))
	}
	must(lines.Encode(map[string]any{"memory": map[string]int{
		"before_kb": measured[0], "after_kb": measured[1], "peak_kb": memoryOfProcess("VmHWM"),
	}}))
	must(os.WriteFile(filepath.Join(folder, "go.jsonl"), out.Bytes(), 0o666))
}

func exit(policy, token string, waits bool) {
	guard, err := counterseal.LoadGuard(policy)
	must(err)
	_, err = guard.TryVerify(token)
	fmt.Println(*verdictOf(err, 0).Code)
	if waits {
		go guard.Verify(context.Background(), token)
		time.Sleep(100 * time.Millisecond)
	}
}

func run(one testCase) outcome {
	guard, err := counterseal.LoadGuard(one.Policy)
	must(err)
	defer guard.Close()
	outcome := outcome{Case: one.Case}
	for _, step := range one.Steps {
		begun := time.Now()
		if step.Way == "try" {
			_, err = guard.TryVerify(step.Token)
		} else {
			_, err = guard.Verify(context.Background(), step.Token)
		}
		outcome.Steps = append(outcome.Steps, verdictOf(err, time.Since(begun)))
	}
	text, err := guard.Status()
	must(err)
	var status struct {
		Issuers []struct {
			KeyState string `json:"key_state"`
			Fetch    struct {
				LastError *string `json:"last_error"`
				Moved     int
			}
		}
	}
	must(json.Unmarshal(text, &status))
	issuer := status.Issuers[0]
	outcome.State, outcome.LastError, outcome.Moved = issuer.KeyState, issuer.Fetch.LastError, issuer.Fetch.Moved
	return outcome
}

func verdictOf(err error, took time.Duration) verdict {
	verdict := verdict{TookMs: took.Milliseconds()}
	var rejected *counterseal.TokenRejectedError
	var outage *counterseal.UnavailableError
	switch {
	case err == nil:
	case errors.As(err, &rejected):
		code := rejected.Code.String()
		verdict.Code, verdict.Status = &code, &rejected.Status
	case errors.As(err, &outage):
		code := outage.Code.String()
		verdict.Code, verdict.Status = &code, &outage.Status
	default:
		panic(err)
	}
	return verdict
}

// memoryOfProcess is a number of /proc/self/status in KiB, and 0 where there is none.
func memoryOfProcess(name string) int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	number, err := strconv.Atoi(string(regexp.MustCompile(`(?m)^` + name + `:\s+(\d+)`).FindSubmatch(text)[1]))
	must(err)
	return number
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
