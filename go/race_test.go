//go:build cgo

package counterseal_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
