//go:build cgo

package counterseal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/countersealtest"
)

func readyInBackground(ctx context.Context, guard *counterseal.Guard) <-chan answer {
	answers := make(chan answer, 1)
	go func() { answers <- answer{nil, guard.Ready(ctx)} }()
	return answers
}

func TestReady(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	if err := issuer.Guard().Ready(context.Background()); err != nil {
		t.Error(err)
	}
	guard := issuer.PendingGuard("")
	var waiting []<-chan answer
	for range 20 {
		waiting = append(waiting, readyInBackground(context.Background(), guard))
	}
	time.Sleep(20 * time.Millisecond)
	issuer.Publish(guard)
	for _, answers := range waiting {
		if answer := within(t, 2*time.Second, answers); answer.err != nil {
			t.Error(answer.err)
		}
	}
}

func TestNotReady(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.PendingGuard("")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	var outage *counterseal.UnavailableError
	err := guard.Ready(ctx)
	if !errors.As(err, &outage) || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, counterseal.ErrKeysUnavailable) ||
		outage.Status != 503 || outage.RetryAfter < time.Second || !outage.Enforced {
		t.Errorf("%+v", err)
	}
	if err := guard.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	failing := readyInBackground(context.Background(), guard)
	time.Sleep(20 * time.Millisecond)
	issuer.Fail(guard)
	if answer := within(t, 2*time.Second, failing); !errors.Is(answer.err, counterseal.ErrKeysUnavailable) {
		t.Error(answer.err)
	}
	closing := issuer.PendingGuard("")
	waiting := readyInBackground(context.Background(), closing)
	time.Sleep(20 * time.Millisecond)
	if err := closing.Close(); err != nil {
		t.Error(err)
	}
	if answer := within(t, 2*time.Second, waiting); !errors.Is(answer.err, counterseal.ErrMisuseClosed) {
		t.Error(answer.err)
	}
	if err := closing.Ready(context.Background()); !errors.Is(err, counterseal.ErrMisuseClosed) {
		t.Error(err)
	}
	if err := guard.Ready(nil); !errors.Is(err, counterseal.ErrMisuseArgument) { //nolint:staticcheck // on purpose
		t.Error(err)
	}
	countersealtest.FailInside(1)
	if err := guard.Ready(context.Background()); !errors.Is(err, counterseal.ErrInternal) {
		t.Error(err)
	}
}
