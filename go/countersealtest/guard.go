//go:build cgo

package countersealtest

import (
	"runtime"
	"testing"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/internal/native"
)

// NewGuard makes a guard of any policy that goes by that clock. It is closed at the end of its test.
func NewGuard(test testing.TB, policy *counterseal.Policy, clock *Clock) *counterseal.Guard {
	test.Helper()
	made := native.GuardWithClock(native.PolicyHandle(policy), clock.handle)
	runtime.KeepAlive(policy)
	guard := native.NewGuard(take(test, made)).(*counterseal.Guard)
	test.Cleanup(func() { _ = guard.Close() })
	return guard
}

// NewGuardWithNetwork makes a guard of any policy that goes by that clock and fetches keys over that network: when
// [FetchDue] says so, or, where the policy says mode = "inline", when they are needed. It is closed at the end of its
// test.
func NewGuardWithNetwork(
	test testing.TB, policy *counterseal.Policy, clock *Clock, network *Network,
) *counterseal.Guard {
	test.Helper()
	made := native.GuardWithNetwork(native.PolicyHandle(policy), clock.handle, network.handle)
	runtime.KeepAlive(policy)
	guard := native.NewGuard(take(test, made)).(*counterseal.Guard)
	test.Cleanup(func() { _ = guard.Close() })
	return guard
}

// FetchDue fetches in this goroutine what the guard would fetch now by itself, and wakes those who wait for it.
func FetchDue(guard *counterseal.Guard) error {
	fetched := native.FetchDue(native.GuardHandle(guard))
	runtime.KeepAlive(guard)
	return failure(fetched)
}

// LoadPolicy is [counterseal.LoadPolicy] for a file in which keys = { scripted = true } is allowed: keys that a
// test hands in by [AnswerKeys]. Nothing else accepts such a file.
func LoadPolicy(path string, options ...counterseal.PolicyOption) (*counterseal.Policy, error) {
	made := native.LoadPolicy(path, native.Service(options))
	if made.Error != 0 {
		return nil, native.Error(made.Error)
	}
	return native.NewPolicy(made.Handle).(*counterseal.Policy), nil
}

// AnswerKeys hands a JWK Set to the guard's issuer of that name in the policy, or (nil) tells that its keys
// cannot be had: the answer that tokens wait for, or else a new set in place of the old one. The error has the
// code of what is wrong with the set, or says that nothing waits for a failure.
func AnswerKeys(guard *counterseal.Guard, issuer string, jwks []byte) error {
	var given *string
	if jwks != nil {
		text := string(jwks)
		given = &text
	}
	answered := native.KeysAnswer(native.GuardHandle(guard), issuer, given)
	runtime.KeepAlive(guard)
	return failure(answered)
}

// Replace puts another policy in place of the guard's, at once and whole, as [counterseal.Guard.Reload] does
// with a changed file.
func Replace(guard *counterseal.Guard, policy *counterseal.Policy) error {
	replaced := native.GuardReplace(native.GuardHandle(guard), native.PolicyHandle(policy))
	runtime.KeepAlive(guard)
	runtime.KeepAlive(policy)
	return failure(replaced)
}

func failure(result native.Result) error {
	if result.Error != 0 {
		return native.Error(result.Error)
	}
	return nil
}
