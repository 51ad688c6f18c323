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
		return max(asked, 10)
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

// readingClaims makes a map of all claims for each verification, as golang-jwt does.
func readingClaims(b testing.TB, guard *counterseal.Guard, tokens []string) func() {
	ctx, next := context.Background(), 0
	return func() {
		identity, err := guard.Verify(ctx, tokens[next%len(tokens)])
		next++
		if err != nil {
			b.Fatal(err)
		}
		sink = identity.Claims()
	}
}

// TestBudgets prints every budget with pass or fail. Wall times are reported, and fail nothing, unless
// STRICT is set: on a busy machine they say little. With RESULTS=folder the rows are also written to go.json in it.
func TestBudgets(t *testing.T) {
	table := &table{}
	fmt.Printf("%s, %s, %d cores\n\n", runtime.Version(), processor(), runtime.NumCPU())
	cached(t, table)
	for _, algorithm := range []string{"HS256", "RS256", "ES256", "EdDSA"} {
		uncached(t, table, algorithm)
	}
	threads(t, table)
	memory(t, table)
	coldStart(t, table)
	if folder := os.Getenv("RESULTS"); folder != "" {
		if err := table.write(folder); err != nil {
			t.Fatal(err)
		}
	}
	if table.failed > 0 && os.Getenv("STRICT") != "" {
		t.Errorf("%d budgets are not met", table.failed)
	}
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
		&subject{name: "claims", run: timed(readingClaims(t, guard, tokens))},
		&subject{name: "rust", run: func(times int) time.Duration {
			return countersealtest.Measure(t, guard, tokens[0], times)
		}},
		&subject{name: "peer", run: timed(func() { sink, _ = peer(tokens[0]) })},
	)
	const section = "From the cache"
	table.add(section, "hit on one token, in Rust", took["rust"], "ns", limit{})
	table.add(section, "hit on one token", took["one"], "ns", limit{})
	table.add(section, "hit, 256 live tokens", took["go"], "ns", atMost(200))
	table.add(section, "hit, 256 live tokens, all claims read", took["claims"], "ns", limit{})
	table.beside(section, "hit, 256 live tokens, RS256", "golang-jwt", took["peer"], took["go"], atLeast(100))
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
		&subject{name: "claims", run: timed(readingClaims(t, guard, []string{token}))},
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
	section := algorithm
	if algorithm == "EdDSA" {
		section = "Ed25519"
	}
	rust, verify, claims := took["rust"], took["go"], took["claims"]
	target := map[string]limit{"RS256": times(2.2), "HS256": times(3)}[algorithm]
	table.add(section, "verify, in Rust", rust, "ns", limit{})
	table.add(section, "verify", verify, "ns", limit{})
	table.add(section, "verify, all claims read", claims, "ns", limit{})
	table.add(section, "verify over Rust", verify-rust, "ns", atMost(1500))
	table.add(section, "verify, all claims read, over Rust", claims-rust, "ns", atMost(5000))
	table.beside(section, "all claims read", "golang-jwt", took["golang-jwt"], claims, target)
	table.beside(section, "no claim read", "lestrrat-go/jwx", took["jwx"], verify, limit{})
	if algorithm == "HS256" {
		table.add("Rejections", "malformed (HS256)", took["refused"], "ns", limit{})
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
	table.add("Two threads over one", "cached", onTwo(rounds()/2, 1000, run(warm)), "times", atLeast(1.8))
	table.add("Two threads over one", "uncached RS256", onTwo(rounds()/2, 20, run(cold)), "times", atLeast(1.8))
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
	table.add("Memory for each cached token", "resident, host object included", float64(resident()-before)/count, "bytes", atMost(4096))
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
	table.add("Start and size", "policy parsed to first token verified (HS256)", took["start"], "ns", atMost(2e6))
}
