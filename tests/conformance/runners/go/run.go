package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/countersealtest"
)

const start = 1_800_000_000

// A step of a case; one of its members is there.
type step struct {
	At      *int64
	Advance *int64
	Load    *policy
	Reload  *policy
	Network *struct {
		URL    string
		Answer reply
		Body   []byte
	}
	Fetch  bool
	Ready  bool
	Status bool
	Keys   *struct {
		Issuer string
		JWKS   *[]byte
	}
	Verify *struct {
		Token []byte
		Now   *int64
	}
	Require *struct {
		Token  []byte
		Scopes []string
		ACR    []string
		MaxAge *int64 `json:"max_age"`
	}
	Explain  *struct{ Token []byte }
	Counters bool
	Skip     bool
}

type reply struct {
	Status  int
	Headers [][2]string
	Address string
	Bearer  string
	Fault   string
}

type policy struct {
	Folder      string
	File        string
	Service     *string
	Environment map[string]string
	Scripted    bool
}

// A runner is a case: one clock, and one guard at a time. For the testing kit it is the test that they live in.
type runner struct {
	testing.TB
	folder   string
	clock    *countersealtest.Clock
	network  *countersealtest.Network
	guard    *counterseal.Guard
	cleanups []func()
}

func (r *runner) Helper()              {}
func (r *runner) Fatal(reasons ...any) { panic(fmt.Sprint(reasons...)) }
func (r *runner) Cleanup(what func())  { r.cleanups = append(r.cleanups, what) }

func run(folder string, steps []step) []any {
	r := &runner{folder: folder}
	r.clock = countersealtest.NewClock(r, time.Unix(start, 0))
	r.network = countersealtest.NewNetwork(r)
	outcomes := make([]any, len(steps))
	for at, step := range steps {
		outcomes[at] = r.step(step)
	}
	for _, cleanup := range r.cleanups {
		cleanup()
	}
	return outcomes
}

func (r *runner) step(step step) any {
	switch {
	case step.At != nil:
		r.clock.Set(time.Unix(*step.At, 0))
	case step.Advance != nil:
		r.clock.Advance(seconds(*step.Advance))
	case step.Load != nil:
		return r.load(*step.Load)
	case step.Reload != nil:
		policy, err := r.policy(*step.Reload)
		if err == nil {
			err = countersealtest.Replace(r.guard, policy)
		}
		return attempt(err)
	case step.Network != nil:
		r.answer(step.Network.URL, step.Network.Answer, step.Network.Body)
	case step.Fetch:
		must(countersealtest.FetchDue(r.guard))
		urls := []any{}
		for _, url := range r.network.Requests() {
			urls = append(urls, url)
		}
		return urls
	case step.Ready:
		over, cancel := context.WithTimeout(context.Background(), 0)
		defer cancel()
		if err := r.guard.Ready(over); err != nil {
			return refusal(err)
		}
		return "ok"
	case step.Status:
		return r.status()
	case step.Keys != nil:
		var jwks []byte
		if step.Keys.JWKS != nil {
			jwks = *step.Keys.JWKS
		}
		return attempt(countersealtest.AnswerKeys(r.guard, step.Keys.Issuer, jwks))
	case step.Verify != nil:
		var options []counterseal.VerifyOption
		if step.Verify.Now != nil {
			options = append(options, counterseal.WithNow(time.Unix(*step.Verify.Now, 0)))
		}
		identity, err := r.guard.TryVerify(string(step.Verify.Token), options...)
		if err != nil {
			return refusal(err)
		}
		return object{"verified": identityOf(identity)}
	case step.Require != nil:
		asked := counterseal.Requirements{Scopes: step.Require.Scopes, ACR: step.Require.ACR}
		if step.Require.MaxAge != nil {
			asked.MaxAge = counterseal.Within(seconds(*step.Require.MaxAge))
		}
		identity, err := r.guard.TryVerify(string(step.Require.Token))
		if err == nil {
			err = identity.Require(asked, counterseal.WithNow(r.clock.Now()))
		}
		if err != nil {
			return refusal(err)
		}
		return "ok"
	case step.Explain != nil:
		report, err := r.guard.Explain(string(step.Explain.Token))
		must(err)
		return object{"report": reportOf(report)}
	case step.Counters:
		return r.counters()
	case !step.Skip:
		panic("a step that this runner does not know")
	}
	return nil
}

func (r *runner) load(load policy) any {
	if r.guard != nil {
		must(r.guard.Close())
		r.guard = nil
	}
	policy, err := r.policy(load)
	if err == nil {
		r.guard = countersealtest.NewGuardWithNetwork(r, policy, r.clock, r.network)
	}
	return attempt(err)
}

func (r *runner) policy(policy policy) (*counterseal.Policy, error) {
	must(os.Chdir(filepath.Join(r.folder, policy.Folder)))
	for name, value := range policy.Environment {
		must(os.Setenv(name, value))
		defer os.Unsetenv(name)
	}
	var options []counterseal.PolicyOption
	if policy.Service != nil {
		options = append(options, counterseal.WithService(*policy.Service))
	}
	if policy.Scripted {
		return countersealtest.LoadPolicy(policy.File, options...)
	}
	return counterseal.LoadPolicy(policy.File, options...)
}

func (r *runner) answer(url string, told reply, body []byte) {
	if told.Fault != "" {
		r.network.Fail(url, told.Fault)
		return
	}
	headers := map[string][]string{}
	for _, header := range told.Headers {
		headers[header[0]] = append(headers[header[0]], header[1])
	}
	r.network.Answer(url, countersealtest.Reply{
		Status: told.Status, Headers: headers, Body: body, Address: told.Address, Bearer: told.Bearer,
	})
}

func (r *runner) status() any {
	text, err := r.guard.Status()
	must(err)
	numbers := json.NewDecoder(bytes.NewReader(text))
	numbers.UseNumber()
	var status struct {
		Issuers []map[string]any
		Alarms  []any
	}
	must(numbers.Decode(&status))
	issuers := []any{}
	for _, issuer := range status.Issuers {
		shown := object{}
		for _, name := range []string{"name", "key_state", "keys", "required", "fetch"} {
			shown[name] = issuer[name]
		}
		issuers = append(issuers, shown)
	}
	return object{"status": object{"issuers": issuers, "alarms": append([]any{}, status.Alarms...)}}
}

var counters = map[string]string{
	"counterseal_cache_hits_total":      "hits",
	"counterseal_cache_misses_total":    "misses",
	"counterseal_cache_inserts_total":   "inserts",
	"counterseal_cache_evictions_total": "evictions",
	"counterseal_cache_entries":         "entries",
}

func (r *runner) counters() object {
	text, err := r.guard.Metrics()
	must(err)
	found := object{}
	for line := range strings.Lines(text) {
		metric, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name, wanted := counters[metric]; wanted {
			number, err := strconv.ParseInt(value, 10, 64)
			must(err)
			found[name] = number
		}
	}
	return found
}

func seconds(count int64) time.Duration {
	duration := time.Duration(count) * time.Second
	if int64(duration/time.Second) != count {
		panic("more seconds than a duration of Go holds")
	}
	return duration
}
