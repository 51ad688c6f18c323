//go:build cgo

package counterseal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/countersealtest"
)

// A host object never shows another token's identity (CAC-10): many goroutines hammer caches that are too
// small for their tokens, while keys change and the table of objects grows and is emptied.
func TestEachCallerGetsItsOwnIdentity(t *testing.T) {
	for _, entries := range []int{1, 7, 64, 4096} {
		t.Run(fmt.Sprint(entries), func(t *testing.T) {
			issuer := countersealtest.NewIssuer(t)
			guard := issuer.GuardWith(fmt.Sprintf("[cache]\nentries = %d\n", entries))
			const callers, rounds = 8, 3000
			var tokens, ids [600]string
			for at := range tokens {
				ids[at] = fmt.Sprintf("token-%d", at)
				tokens[at] = issuer.Token(countersealtest.Claims{"jti": ids[at]})
			}
			var group sync.WaitGroup
			for caller := range callers {
				group.Add(1)
				go func() {
					defer group.Done()
					for round := range rounds {
						at := (round*(2*caller+1) + caller*75) % min(len(tokens), max(4*entries, 12))
						identity, err := guard.Verify(context.Background(), tokens[at])
						if err != nil || identity.TokenID() != ids[at] {
							t.Errorf("sent %s, got %v %v", ids[at], identity, err)
							return
						}
						if claim, _ := identity.Claim("jti"); round%50 == 0 && claim != ids[at] {
							t.Errorf("sent %s, its claim is %v", ids[at], claim)
						}
					}
				}()
			}
			for range 20 {
				issuer.Publish(guard)
			}
			group.Wait()
		})
	}
}

// Closing under the hands of callers is safe: each gets an identity, or hears that the guard is closed.
func TestClosingDuringVerification(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	token := issuer.Token(nil)
	for range 50 {
		guard := issuer.Guard()
		var group sync.WaitGroup
		for range 4 {
			group.Add(1)
			go func() {
				defer group.Done()
				for {
					identity, err := guard.Verify(context.Background(), token)
					if errors.Is(err, counterseal.ErrMisuseClosed) {
						return
					}
					if err != nil || identity.Subject() != "test-user" {
						t.Error(identity, err)
						return
					}
				}
			}()
		}
		if err := guard.Close(); err != nil {
			t.Error(err)
		}
		group.Wait()
	}
}

// A policy that is read again, or replaced, under the hands of callers: each gets the identity of the token that
// it sent, and at last hears that the guard is closed.
func TestReloadingDuringVerification(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	path := filepath.Join(t.TempDir(), "policy.toml")
	write := func(more string) {
		// At once: a file that is half written is a policy with mistakes.
		if err := os.WriteFile(path+".new", []byte(issuer.PolicyText()+more), 0o600); err != nil {
			t.Error(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Error(err)
		}
	}
	write("[cache]\nentries = 8\n")
	guard, err := counterseal.LoadGuard(path)
	if err != nil {
		t.Fatal(err)
	}
	var tokens, ids [40]string
	for at := range tokens {
		ids[at] = fmt.Sprintf("token-%d", at)
		tokens[at] = issuer.Token(countersealtest.Claims{"jti": ids[at]})
	}
	var group sync.WaitGroup
	var seen atomic.Int64
	for caller := range 6 {
		group.Add(1)
		go func() {
			defer group.Done()
			for round := caller; ; round++ {
				at := round % len(tokens)
				identity, err := guard.Verify(context.Background(), tokens[at])
				if errors.Is(err, counterseal.ErrMisuseClosed) {
					return
				}
				if err != nil || identity.TokenID() != ids[at] {
					t.Errorf("sent %s, got %v %v", ids[at], identity, err)
					return
				}
				seen.Add(1)
			}
		}()
	}
	other := issuer.Policy("[cache]\nentries = 2\n")
	for round := range 60 {
		write(fmt.Sprintf("[cache]\nentries = %d\n", round%3*8+1))
		if err := guard.Reload(); err != nil {
			t.Fatal(err)
		}
		if round%10 == 9 {
			// A policy from text has no file: after it comes one that has.
			if err := countersealtest.Replace(guard, other); err != nil {
				t.Fatal(err)
			}
			reloaded, err := counterseal.LoadPolicy(path)
			if err == nil {
				err = countersealtest.Replace(guard, reloaded)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for seen.Load() < 5000 && !t.Failed() {
		runtime.Gosched()
	}
	if err := guard.Close(); err != nil {
		t.Error(err)
	}
	group.Wait()
}
