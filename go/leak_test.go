//go:build cgo

package counterseal_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/countersealtest"
)

// handlesSettle collects garbage until so many handles are left.
func handlesSettle(t *testing.T, expected int64) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		runtime.GC()
		live := countersealtest.LiveHandles()
		if live == expected {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d handles are left, expected %d", live, expected)
		}
	}
}

func use(t *testing.T, closes bool) {
	t.Run("use", func(t *testing.T) {
		issuer := countersealtest.NewIssuer(t)
		for at := range 20 {
			policy := issuer.Policy("")
			guard, err := counterseal.NewGuard(policy)
			if err != nil {
				t.Fatal(err)
			}
			for number := range 10 {
				_, _ = guard.Verify(context.Background(), issuer.Token(countersealtest.Claims{"sub": fmt.Sprint(number)}))
				_, _ = guard.Verify(context.Background(), issuer.Token(nil, countersealtest.Expired()))
			}
			_, _ = guard.Explain(issuer.Token(nil))
			identity, _ := guard.TryVerify(issuer.Token(nil))
			_ = identity.Require(counterseal.Requirements{Scopes: []string{"none"}})
			_ = guard.Ready(context.Background())
			own := countersealtest.NewGuard(t, policy, countersealtest.NewClock(t, issuer.Clock().Now()))
			_ = countersealtest.Replace(own, issuer.Policy(""))
			_ = countersealtest.AnswerKeys(own, "main", nil)
			_, _ = countersealtest.LoadPolicy("none")
			_ = guard.Reload() // fails: it has no file
			if at%2 == 0 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
				_, _ = issuer.PendingGuard("").Verify(ctx, issuer.Token(nil))
				_ = issuer.PendingGuard("").Ready(ctx)
				cancel()
			}
			if closes {
				_ = guard.Close()
			}
		}
	})
}

// Nothing stays, whether guards are closed or left to the garbage collector.
func TestNothingLeaks(t *testing.T) {
	use(t, true) // makes the queue of those who wait, which stays
	runtime.GC()
	time.Sleep(50 * time.Millisecond)
	handlesSettle(t, 1)
	for range 3 {
		use(t, true)
		handlesSettle(t, 1)
		use(t, false)
		handlesSettle(t, 1)
	}
}

// An identity that somebody holds outlives its guard and every collection.
func TestIdentitiesAreHeld(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	var held []counterseal.Identity
	for number := range 50 {
		guard := issuer.Guard()
		identity := verified(t, guard, issuer.Token(countersealtest.Claims{"sub": fmt.Sprint(number)}))
		held = append(held, *identity) // a copy holds the proof as well
	}
	for range 5 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	for number := range held {
		if claim, _ := held[number].Claim("sub"); claim != fmt.Sprint(number) || held[number].Subject() != claim {
			t.Errorf("%d has become %v", number, claim)
		}
	}
}
