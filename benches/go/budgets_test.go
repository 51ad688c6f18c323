package bench

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/countersealtest"
)

// rounds of each measurement; more where the environment asks for it.
func rounds() int {
	if asked, err := strconv.Atoi(os.Getenv("ROUNDS")); err == nil {
		return asked
	}
	return 400
}

var sink any

func verifying(b testing.TB, guard *counterseal.Guard, tokens []string) func() {
	ctx, next := context.Background(), 0
	return func() {
		identity, err := guard.Verify(ctx, tokens[next%len(tokens)])
		next++
		if err != nil {
			b.Fatal(err)
		}
		_ = identity.Subject()
	}
}

type table struct {
	test   *testing.T
	failed int
}

func (t *table) row(what string, measured float64, unit string, budget float64, most bool) {
	verdict, sign := "pass", "≤"
	if !most {
		sign = "≥"
	}
	if (most && measured > budget) || (!most && measured < budget) {
		verdict = "FAIL"
		t.failed++
	}
	fmt.Printf("%-58s %10.2f %-3s %s %8.2f   %s\n", what, measured, unit, sign, budget, verdict)
}

func (t *table) figure(what string, measured float64, unit string) {
	fmt.Printf("%-58s %10.2f %-3s\n", what, measured, unit)
}

// TestBudgets prints every budget with pass or fail. Wall times are reported, and fail nothing, unless
// STRICT is set: on a busy machine they say little.
func TestBudgets(t *testing.T) {
	table := &table{test: t}
	fmt.Printf("%s, %s, %d CPUs\n\n", runtime.Version(), cpu(), runtime.NumCPU())
	cached(t, table)
	for _, algorithm := range []string{"HS256", "RS256", "ES256", "EdDSA"} {
		uncached(t, table, algorithm)
	}
	threads(t, table)
	memory(t, table)
	coldStart(t, table)
	if table.failed > 0 && os.Getenv("STRICT") != "" {
		t.Errorf("%d budgets are not met", table.failed)
	}
}

func cpu() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, found := strings.CutPrefix(line, "model name"); found {
			return strings.Trim(name, "\t :\n")
		}
	}
	return runtime.GOARCH
}

func many(t testing.TB, signer *signer, count int) []string {
	tokens := make([]string, count)
	for at := range tokens {
		tokens[at] = signer.token(t, at)
	}
	return tokens
}

func cached(t *testing.T, table *table) {
	signer := newSigner(t, "RS256")
	guard := signer.guard(t, 4096)
	tokens := many(t, signer, 256)
	verify := verifying(t, guard, tokens)
	for range 2 * len(tokens) {
		verify()
	}
	peer := signer.golangJWT()
	took := interleave(rounds(),
		&subject{name: "go", run: timed(verify)},
		&subject{name: "one", run: timed(verifying(t, guard, tokens[:1]))},
		&subject{name: "rust", run: func(times int) time.Duration {
			return countersealtest.Measure(t, guard, tokens[0], times)
		}},
		&subject{name: "peer", run: timed(func() { sink, _ = peer(tokens[0]) })},
	)
	table.figure("Rust, cached hit on one token", took["rust"], "ns")
	table.figure("Go, cached hit on one token", took["one"], "ns")
	table.row("Go, cached hit, 256 tokens", took["go"], "ns", 200, true)
	table.row("golang-jwt RS256 / Counterseal from its cache", took["peer"]/took["go"], "×", 100, false)
}

func uncached(t *testing.T, table *table, algorithm string) {
	signer := newSigner(t, algorithm)
	guard := signer.guard(t, 0)
	token := signer.token(t, 1)
	ctx := context.Background()
	golang, lestrrat := signer.golangJWT(), signer.lestrrat(t)
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	took := interleave(rounds()/2,
		&subject{name: "rust", run: func(times int) time.Duration {
			return countersealtest.Measure(t, guard, token, times)
		}},
		&subject{name: "go", run: timed(verifying(t, guard, []string{token}))},
		&subject{name: "claims", run: timed(func() {
			identity, err := guard.Verify(ctx, token)
			must(err)
			sink = identity.Claims()
		})},
		&subject{name: "golang-jwt", run: timed(func() {
			claims, err := golang(token)
			must(err)
			sink = claims
		})},
		&subject{name: "jwx", run: timed(func() {
			parsed, err := lestrrat(token)
			must(err)
			sink = parsed
		})},
		&subject{name: "refused", run: timed(func() {
			if _, err := guard.Verify(ctx, token[1:]); err == nil {
				t.Fatal("not refused")
			}
		})},
	)
	µs := func(name string) float64 { return took[name] / 1000 }
	table.figure(algorithm+": Rust, uncached", µs("rust"), "µs")
	table.figure(algorithm+": Go, uncached", µs("go"), "µs")
	table.row(algorithm+": Go over Rust", µs("go")-µs("rust"), "µs", 1.5, true)
	table.row(algorithm+": Go over Rust, all claims read", µs("claims")-µs("rust"), "µs", 5, true)
	table.figure(algorithm+": golang-jwt, all claims", µs("golang-jwt"), "µs")
	table.figure(algorithm+": lestrrat-go/jwx", µs("jwx"), "µs")
	table.figure(algorithm+": a malformed token refused", µs("refused"), "µs")
	if target, has := map[string]float64{"RS256": 2.2, "HS256": 3}[algorithm]; has {
		const slack = 1.15
		table.row(algorithm+": golang-jwt / Counterseal, all claims", took["golang-jwt"]/took["claims"], "×", target/slack, false)
	}
}

func threads(t *testing.T, table *table) {
	signer := newSigner(t, "RS256")
	tokens := many(t, signer, 256)
	warm, cold := signer.guard(t, 4096), signer.guard(t, 0)
	run := func(guard *counterseal.Guard) func(int) {
		next := [2]struct {
			at int
			_  [120]byte
		}{}
		return func(thread int) {
			next[thread].at++
			if _, err := guard.Verify(context.Background(), tokens[(next[thread].at*7+thread*128)%256]); err != nil {
				panic(err)
			}
		}
	}
	fill := run(warm)
	for range 512 {
		fill(0)
	}
	table.row("two threads over one, cached", onTwo(rounds()/4, 2000, run(warm)), "×", 1.8, false)
	table.row("two threads over one, uncached", onTwo(rounds()/8, 50, run(cold)), "×", 1.8, false)
}

func memory(t *testing.T, table *table) {
	signer := newSigner(t, "HS256")
	guard := signer.guard(t, 8192)
	const count = 8192
	tokens := many(t, signer, count)
	verify := verifying(t, guard, tokens)
	before := resident()
	for range 3 * count {
		verify()
	}
	table.row("memory for each cached token, host object included", float64(resident()-before)/count/1024, "KiB", 4, true)
	runtime.KeepAlive(tokens)
}

// resident is the memory of the process once the garbage is gone.
func resident() int64 {
	runtime.GC()
	runtime.GC()
	text, _ := os.ReadFile("/proc/self/statm")
	pages, _ := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

func coldStart(t *testing.T, table *table) {
	signer := newSigner(t, "HS256")
	token := signer.token(t, 1)
	took := interleave(rounds()/8, &subject{name: "start", run: timed(func() {
		guard := signer.guard(t, 4096)
		if _, err := guard.Verify(context.Background(), token); err != nil {
			t.Fatal(err)
		}
		_ = guard.Close()
	})})
	table.row("policy parsed to first token verified (HS256)", took["start"]/1e6, "ms", 2, true)
}
