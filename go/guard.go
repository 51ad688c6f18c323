//go:build cgo

package counterseal

import (
	"context"
	"encoding/json"
	"runtime"
	"time"

	"github.com/counterseal/counterseal/go/internal/native"
)

// A Guard verifies tokens by a policy. Make one at start-up and share it: every method may be called from
// many goroutines at once.
type Guard struct {
	handle uintptr
	proofs table
}

// NewGuard makes a guard for a policy.
func NewGuard(policy *Policy) (*Guard, error) {
	if policy == nil || policy.handle == 0 {
		return nil, misuse("policy")
	}
	made := native.GuardNew(policy.handle)
	runtime.KeepAlive(policy)
	return newGuard(made)
}

// LoadGuard reads a policy file and makes its guard: [LoadPolicy] and [NewGuard] in one, and the file can be
// read again by [Guard.Reload].
func LoadGuard(path string, options ...PolicyOption) (*Guard, error) {
	return newGuard(native.GuardLoad(path, chosen(options).service))
}

func newGuard(made native.Result) (*Guard, error) {
	if made.Error != 0 {
		return nil, newError(made.Error, nil)
	}
	guard := &Guard{handle: made.Handle}
	guard.proofs.reset()
	runtime.AddCleanup(guard, native.GuardFree, made.Handle)
	return guard, nil
}

// A VerifyOption is what the verifying methods take beside the token.
type VerifyOption struct {
	seconds int64
	isSet   bool
}

// WithNow judges the claims at another time than the clock's. Such a verification neither asks nor fills the
// cache of verified tokens.
func WithNow(now time.Time) VerifyOption {
	return VerifyOption{now.Unix(), true}
}

// at gives the last time of the options, or nil.
func at(options []VerifyOption) *int64 {
	for last := len(options) - 1; last >= 0; last-- {
		if options[last].isSet {
			return &options[last].seconds
		}
	}
	return nil
}

// Verify verifies a token, bare or behind "Bearer ". It answers at once, but for keys that are on their way:
// for them it waits as long as the policy says (fetch.wait) and ctx lasts. The context matters for this
// wait alone.
//
// The error is a [*TokenRejectedError], an [*UnavailableError] or a [*MisuseError].
func (g *Guard) Verify(ctx context.Context, token string, options ...VerifyOption) (*Identity, error) {
	if g == nil || g.handle == 0 {
		return nil, misuse("guard")
	}
	if ctx == nil {
		return nil, misuse("ctx")
	}
	now := at(options)
	answer := native.GuardAnswer(g.handle, token, now)
	if answer.Kind == native.Known {
		if identity := g.proofs.find(answer.ID); identity != nil {
			runtime.KeepAlive(g)
			return identity, nil
		}
	}
	var patience patience
	identity, err := g.settle(ctx, token, now, answer, &patience)
	patience.end()
	runtime.KeepAlive(g)
	return identity, err
}

// TryVerify is [Guard.Verify] without waiting: keys that are not there yet are an outage.
func (g *Guard) TryVerify(token string, options ...VerifyOption) (*Identity, error) {
	if g == nil || g.handle == 0 {
		return nil, misuse("guard")
	}
	now := at(options)
	answer := native.GuardAnswer(g.handle, token, now)
	if answer.Kind == native.Known {
		if identity := g.proofs.find(answer.ID); identity != nil {
			runtime.KeepAlive(g)
			return identity, nil
		}
	}
	identity, err := g.settle(nil, token, now, answer, nil)
	runtime.KeepAlive(g)
	return identity, err
}

// An Outcome is what became of one token of many: an identity or an error.
type Outcome struct {
	Identity *Identity
	Err      error
}

// VerifyMany verifies many tokens at one reading of the clock, each with its own outcome, and waits for keys
// once for all of them. The error is about the call itself: a guard that is closed, for example.
func (g *Guard) VerifyMany(ctx context.Context, tokens []string, options ...VerifyOption) ([]Outcome, error) {
	if g == nil || g.handle == 0 {
		return nil, misuse("guard")
	}
	if ctx == nil {
		return nil, misuse("ctx")
	}
	now := at(options)
	answers, failed := native.GuardAnswerMany(g.handle, tokens, now)
	if failed.Error != 0 {
		runtime.KeepAlive(g)
		return nil, newError(failed.Error, nil)
	}
	outcomes := make([]Outcome, len(tokens))
	var patience patience
	for index, answer := range answers {
		identity, err := g.settle(ctx, tokens[index], now, answer, &patience)
		outcomes[index] = Outcome{identity, err}
	}
	patience.end()
	runtime.KeepAlive(g)
	return outcomes, nil
}

// settle makes of an answer what the caller gets. Without patience it does not wait.
func (g *Guard) settle(
	ctx context.Context, token string, now *int64, answer native.Answer, patience *patience,
) (*Identity, error) {
	for waits := 0; ; waits++ {
		switch {
		case answer.Error != 0:
			return nil, newError(answer.Error, nil)
		case answer.Kind == native.Known:
			if identity := g.proofs.find(answer.ID); identity != nil {
				return identity, nil
			}
			return g.rebuild(token)
		case answer.Kind == native.Verified:
			return g.admit(answer.Identity, now == nil)
		case patience == nil || waits == native.PendingWaits:
			err := g.keysUnavailable(answer.Flight, nil)
			native.FlightFree(answer.Flight)
			return nil, err
		}
		err := g.wait(ctx, answer.Flight, patience.over(answer.Wait))
		native.FlightFree(answer.Flight)
		if err != nil {
			return nil, err
		}
		answer = native.GuardAnswer(g.handle, token, now)
	}
}

// rebuild makes the object anew of a proof that the library has and the table no longer does (CAC-10).
func (g *Guard) rebuild(token string) (*Identity, error) {
	g.proofs.missed()
	made := native.GuardTryVerify(g.handle, token, nil)
	if made.Error != 0 {
		return nil, newError(made.Error, nil)
	}
	return g.admit(made.Handle, true)
}

// admit makes the object of a new proof and keeps it where the library keeps the proof.
func (g *Guard) admit(handle uintptr, isCached bool) (*Identity, error) {
	identity, err := newIdentity(handle)
	if err == nil && isCached {
		g.proofs.put(identity)
	}
	return identity, err
}

func (g *Guard) keysUnavailable(flight uintptr, cause error) error {
	return newError(native.GuardKeysUnavailable(g.handle, flight).Error, cause)
}

// Status tells how the guard is doing, as a JSON object: its policy, issuers and keys, what became of tokens,
// the cache, and alarms. Nothing in it comes from a token.
func (g *Guard) Status() (json.RawMessage, error) {
	if g == nil || g.handle == 0 {
		return nil, misuse("guard")
	}
	made := native.GuardStatus(g.handle)
	runtime.KeepAlive(g)
	if made.Error != 0 {
		return nil, newError(made.Error, nil)
	}
	return json.RawMessage(native.TakeText(made.Handle)), nil
}

// Metrics gives the numbers of [Guard.Status] as Prometheus text.
func (g *Guard) Metrics() (string, error) {
	if g == nil || g.handle == 0 {
		return "", misuse("guard")
	}
	made := native.GuardMetrics(g.handle)
	runtime.KeepAlive(g)
	if made.Error != 0 {
		return "", newError(made.Error, nil)
	}
	return native.TakeText(made.Handle), nil
}

// Reload reads the policy file again and swaps the whole policy at once. The old one stays where the new one
// has mistakes. Only a guard of [LoadGuard] or [LoadPolicy] has a file.
func (g *Guard) Reload() error {
	if g == nil || g.handle == 0 {
		return misuse("guard")
	}
	made := native.GuardReload(g.handle)
	runtime.KeepAlive(g)
	if made.Error != 0 {
		return newError(made.Error, nil)
	}
	g.proofs.reset()
	return nil
}

// Close gives the guard's keys and caches back. It may be called while the guard is in use, and more than
// once: calls under way end, those who wait for keys are woken, and later calls fail with
// [ErrMisuseClosed]. Identities stay valid. Without it, the garbage collector closes the guard.
func (g *Guard) Close() error {
	if g == nil || g.handle == 0 {
		return misuse("guard")
	}
	made := native.GuardClose(g.handle)
	runtime.KeepAlive(g)
	if made.Error != 0 {
		return newError(made.Error, nil)
	}
	g.proofs.reset()
	return nil
}
