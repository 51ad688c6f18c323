//go:build cgo

package counterseal_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/countersealtest"
)

const shortWait = "[fetch]\nwait = \"150ms\"\n"

type answer struct {
	identity *counterseal.Identity
	err      error
}

func verifyInBackground(ctx context.Context, guard *counterseal.Guard, token string) <-chan answer {
	answers := make(chan answer, 1)
	go func() {
		identity, err := guard.Verify(ctx, token)
		answers <- answer{identity, err}
	}()
	return answers
}

func within(t *testing.T, limit time.Duration, answers <-chan answer) answer {
	t.Helper()
	select {
	case answer := <-answers:
		return answer
	case <-time.After(limit):
		t.Fatal("no answer")
		panic("unreachable")
	}
}

func TestKeysThatArriveLate(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.PendingGuard("")
	token := issuer.Token(nil)
	if _, err := guard.TryVerify(token); !errors.Is(err, counterseal.ErrKeysUnavailable) {
		t.Error(err)
	}
	var waiting []<-chan answer
	for range 100 {
		waiting = append(waiting, verifyInBackground(context.Background(), guard, token))
	}
	time.Sleep(30 * time.Millisecond)
	issuer.Publish(guard)
	for _, answers := range waiting {
		if answer := within(t, 2*time.Second, answers); answer.err != nil || answer.identity.Subject() != "test-user" {
			t.Fatal(answer.err)
		}
	}
	issuer.Publish(guard) // twice
	verified(t, guard, token)
}

func TestKeysThatNeverArrive(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.PendingGuard(shortWait)
	begun := time.Now()
	err := refused(t, guard, issuer.Token(nil), counterseal.ErrKeysUnavailable)
	if waited := time.Since(begun); waited < 140*time.Millisecond || waited > 2*time.Second {
		t.Error("waited", waited)
	}
	var outage *counterseal.UnavailableError
	if !errors.As(err, &outage) || outage.Status != 503 || outage.RetryAfter < time.Second || len(outage.Reference) != 13 ||
		!errors.Is(err, counterseal.ClassUnavailable) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%+v", err)
	}
	issuer.Fail(guard)
	begun = time.Now()
	refused(t, guard, issuer.Token(nil), counterseal.ErrKeysUnavailable)
	if time.Since(begun) > 100*time.Millisecond {
		t.Error("an outage that is known makes a caller wait")
	}
	issuer.Publish(guard)
	verified(t, guard, issuer.Token(nil))
}

func TestABatchWaitsOnce(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.PendingGuard(shortWait)
	token := issuer.Token(nil)
	begun := time.Now()
	outcomes, err := guard.VerifyMany(context.Background(), []string{token, token, "x", token, token})
	if waited := time.Since(begun); err != nil || waited < 140*time.Millisecond || waited > 450*time.Millisecond {
		t.Error("waited", waited, err)
	}
	for at, outcome := range outcomes {
		if at != 2 && !errors.Is(outcome.Err, counterseal.ErrKeysUnavailable) {
			t.Error(outcome)
		}
	}
	if !errors.Is(outcomes[2].Err, counterseal.ErrTokenMalformed) {
		t.Error(outcomes[2])
	}
}

func TestCallersThatGoAway(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.PendingGuard("")
	token := issuer.Token(nil)

	ctx, cancel := context.WithCancel(context.Background())
	answers := verifyInBackground(ctx, guard, token)
	time.Sleep(20 * time.Millisecond)
	cancel()
	err := within(t, time.Second, answers).err
	if !errors.Is(err, context.Canceled) || !errors.Is(err, counterseal.ErrKeysUnavailable) || !strings.Contains(err.Error(), "canceled") {
		t.Error(err)
	}
	ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := guard.Verify(ctx, token); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, counterseal.ClassUnavailable) {
		t.Error(err)
	}
	if _, err := guard.Verify(ctx, token); !errors.Is(err, context.DeadlineExceeded) { // over before it began
		t.Error(err)
	}
	// Keys arrive after their caller has gone, and the next one finds them.
	issuer.Publish(guard)
	verified(t, guard, token)
	// A context that is over matters for waiting alone.
	if _, err := guard.Verify(ctx, token); err != nil {
		t.Error(err)
	}
}

func TestClosingWakesThoseWhoWait(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.PendingGuard("")
	var waiting []<-chan answer
	for range 20 {
		waiting = append(waiting, verifyInBackground(context.Background(), guard, issuer.Token(nil)))
	}
	time.Sleep(30 * time.Millisecond)
	if err := guard.Close(); err != nil {
		t.Fatal(err)
	}
	for _, answers := range waiting {
		if err := within(t, time.Second, answers).err; !errors.Is(err, counterseal.ErrMisuseClosed) {
			t.Error(err)
		}
	}
}

func TestAReloadedPolicyLetsCallersGoOn(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.PendingGuard(shortWait)
	token := issuer.Token(nil)
	answers := verifyInBackground(context.Background(), guard, token)
	issuer.Rotate() // keys that do not have the token's kid any more
	issuer.Retire()
	time.Sleep(20 * time.Millisecond)
	issuer.Publish(guard)
	if err := within(t, time.Second, answers).err; !errors.Is(err, counterseal.ErrKidUnknown) {
		t.Error(err)
	}
}

// Many come and go while keys come and go.
func TestWaitingUnderLoad(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	token := issuer.Token(nil)
	for round := range 20 {
		guard := issuer.PendingGuard("")
		var group sync.WaitGroup
		for caller := range 50 {
			group.Add(1)
			go func() {
				defer group.Done()
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(caller%5)*time.Millisecond)
				defer cancel()
				if caller%5 == 4 {
					ctx = context.Background()
				}
				identity, err := guard.Verify(ctx, token)
				if (identity == nil) != errors.Is(err, counterseal.ClassUnavailable) {
					t.Error(identity, err)
				}
			}()
		}
		time.Sleep(time.Duration(round%4) * time.Millisecond)
		issuer.Publish(guard)
		group.Wait()
		if err := guard.Close(); err != nil {
			t.Error(err)
		}
	}
}

// The goroutine that drains, and the thread that it sits on, are there only while somebody waits.
func TestNoGoroutineStays(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.PendingGuard(shortWait)
	refused(t, guard, issuer.Token(nil), counterseal.ErrKeysUnavailable)
	for deadline := time.Now().Add(3 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		if !strings.Contains(string(stacks), "drain") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s", stacks)
		}
	}
}
