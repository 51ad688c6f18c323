//go:build cgo

package native

/*
#include "shim_testing.h"
*/
import "C"

import (
	"runtime"
	"time"
)

// NewGuard wraps the handle of a guard: the package counterseal sets it, for countersealtest.
var NewGuard func(guard uintptr) any

// GuardHandle gives the handle of a guard and PolicyHandle that of a policy (0 where there is none), NewPolicy
// wraps that of a policy, and Error makes an error of its handle.
var (
	GuardHandle  func(guard any) uintptr
	PolicyHandle func(policy any) uintptr
	NewPolicy    func(policy uintptr) any
	Error        func(err uintptr) error
)

// Service gives the name that the options of a policy choose, or nil.
var Service func(options any) *string

// IssuerNew makes an issuer.
func IssuerNew(algorithm, name, audience, clientID *string) Result {
	var out C.shim_result
	C.shim_issuer_new(startOf(algorithm), lengthOf(algorithm), startOf(name), lengthOf(name),
		startOf(audience), lengthOf(audience), startOf(clientID), lengthOf(clientID), &out)
	runtime.KeepAlive([]*string{algorithm, name, audience, clientID})
	return result(out)
}

// IssuerToken issues a token.
func IssuerToken(issuer uintptr, profile, claims, header, remove, oddity *string) Result {
	var out C.shim_result
	C.shim_issuer_token(C.uintptr_t(issuer), startOf(profile), lengthOf(profile), startOf(claims), lengthOf(claims),
		startOf(header), lengthOf(header), startOf(remove), lengthOf(remove), startOf(oddity), lengthOf(oddity), &out)
	runtime.KeepAlive([]*string{profile, claims, header, remove, oddity})
	return result(out)
}

// IssuerSign signs anything.
func IssuerSign(issuer uintptr, header, payload string) Result {
	var out C.shim_result
	C.shim_issuer_sign(C.uintptr_t(issuer), start(header), C.uint64_t(len(header)), start(payload),
		C.uint64_t(len(payload)), &out)
	runtime.KeepAlive([]string{header, payload})
	return result(out)
}

// IssuerJSON tells what an issuer is called.
func IssuerJSON(issuer uintptr) Result {
	var out C.shim_result
	C.shim_issuer_json(C.uintptr_t(issuer), &out)
	return result(out)
}

// IssuerClock gives the issuer's clock.
func IssuerClock(issuer uintptr) Result {
	var out C.shim_result
	C.shim_issuer_clock(C.uintptr_t(issuer), &out)
	return result(out)
}

// IssuerRotate signs with a new key from now on.
func IssuerRotate(issuer uintptr) Result {
	var out C.shim_result
	C.shim_issuer_rotate(C.uintptr_t(issuer), &out)
	return result(out)
}

// IssuerRetire publishes the current key alone.
func IssuerRetire(issuer uintptr) Result {
	var out C.shim_result
	C.shim_issuer_retire(C.uintptr_t(issuer), &out)
	return result(out)
}

// IssuerPolicy makes a policy that accepts the issuer's tokens.
func IssuerPolicy(issuer uintptr, profile *string, more string) Result {
	var out C.shim_result
	C.shim_issuer_policy(C.uintptr_t(issuer), startOf(profile), lengthOf(profile), start(more),
		C.uint64_t(len(more)), &out)
	runtime.KeepAlive(profile)
	runtime.KeepAlive(more)
	return result(out)
}

// IssuerPolicyText gives the text of that policy.
func IssuerPolicyText(issuer uintptr, profile *string) Result {
	var out C.shim_result
	C.shim_issuer_policy_text(C.uintptr_t(issuer), startOf(profile), lengthOf(profile), &out)
	runtime.KeepAlive(profile)
	return result(out)
}

// IssuerGuard makes a guard that accepts the issuer's tokens.
func IssuerGuard(issuer uintptr, profile *string, more string, pending bool) Result {
	var out C.shim_result
	waits := C.uint32_t(0)
	if pending {
		waits = 1
	}
	C.shim_issuer_guard(C.uintptr_t(issuer), startOf(profile), lengthOf(profile), start(more),
		C.uint64_t(len(more)), waits, &out)
	runtime.KeepAlive(profile)
	runtime.KeepAlive(more)
	return result(out)
}

// IssuerPublish hands the issuer's keys to a guard.
func IssuerPublish(issuer, guard uintptr) Result {
	var out C.shim_result
	C.shim_issuer_publish(C.uintptr_t(issuer), C.uintptr_t(guard), &out)
	return result(out)
}

// IssuerFail tells a guard that its keys cannot be had.
func IssuerFail(issuer, guard uintptr) Result {
	var out C.shim_result
	C.shim_issuer_fail(C.uintptr_t(issuer), C.uintptr_t(guard), &out)
	return result(out)
}

// ClockNew makes a clock that shows so many seconds since 1970.
func ClockNew(now int64) Result {
	var out C.shim_result
	C.shim_clock_new(C.int64_t(now), &out)
	return result(out)
}

// ClockSet sets a clock.
func ClockSet(clock uintptr, now int64) Result {
	var out C.shim_result
	C.shim_clock_set(C.uintptr_t(clock), C.int64_t(now), &out)
	return result(out)
}

// LoadPolicy reads a policy file whose keys may be handed in.
func LoadPolicy(path string, service *string) Result {
	var out C.shim_result
	C.shim_testing_policy_load(start(path), C.uint64_t(len(path)), startOf(service), lengthOf(service), &out)
	runtime.KeepAlive(path)
	runtime.KeepAlive(service)
	return result(out)
}

// GuardWithClock makes a guard that goes by a clock.
func GuardWithClock(policy, clock uintptr) Result {
	var out C.shim_result
	C.shim_testing_guard_new(C.uintptr_t(policy), C.uintptr_t(clock), &out)
	return result(out)
}

// NetworkNew makes a network where no host is found.
func NetworkNew() Result {
	var out C.shim_result
	C.shim_network_new(&out)
	return result(out)
}

// NetworkAnswer says what a URL answers.
func NetworkAnswer(network uintptr, url, reply, body string) Result {
	var out C.shim_result
	C.shim_network_answer(C.uintptr_t(network), start(url), C.uint64_t(len(url)), start(reply), C.uint64_t(len(reply)),
		start(body), C.uint64_t(len(body)), &out)
	runtime.KeepAlive(url)
	runtime.KeepAlive(reply)
	runtime.KeepAlive(body)
	return result(out)
}

// NetworkRequests gives the URLs that were asked for since the last time, as JSON.
func NetworkRequests(network uintptr) Result {
	var out C.shim_result
	C.shim_network_requests(C.uintptr_t(network), &out)
	return result(out)
}

// NetworkFree frees a network.
func NetworkFree(network uintptr) { C.shim_network_free(C.uintptr_t(network)) }

// GuardWithNetwork makes a guard that goes by a clock and fetches over a network.
func GuardWithNetwork(policy, clock, network uintptr) Result {
	var out C.shim_result
	C.shim_testing_guard_with_network(C.uintptr_t(policy), C.uintptr_t(clock), C.uintptr_t(network), &out)
	return result(out)
}

// FetchDue fetches what a guard would fetch now by itself.
func FetchDue(guard uintptr) Result {
	var out C.shim_result
	C.shim_fetch_due(C.uintptr_t(guard), &out)
	return result(out)
}

// GuardReplace puts another policy in place of a guard's.
func GuardReplace(guard, policy uintptr) Result {
	var out C.shim_result
	C.shim_testing_guard_replace(C.uintptr_t(guard), C.uintptr_t(policy), &out)
	return result(out)
}

// KeysAnswer hands keys to an issuer of a guard; nil tells that they cannot be had.
func KeysAnswer(guard uintptr, issuerName string, jwks *string) Result {
	var out C.shim_result
	C.shim_keys_answer(C.uintptr_t(guard), start(issuerName), C.uint64_t(len(issuerName)), startOf(jwks), lengthOf(jwks),
		&out)
	runtime.KeepAlive(issuerName)
	runtime.KeepAlive(jwks)
	return result(out)
}

// ClockAdvance moves a clock and gives what it shows then, in seconds since 1970.
func ClockAdvance(clock uintptr, seconds int64) (int64, Result) {
	var out C.shim_result
	var now C.int64_t
	C.shim_clock_advance(C.uintptr_t(clock), C.int64_t(seconds), &now, &out)
	return int64(now), result(out)
}

// Measure verifies a token so many times inside of the library.
func Measure(guard uintptr, token string, times int) (time.Duration, Result) {
	var out C.shim_result
	var nanoseconds C.uint64_t
	C.shim_measure(C.uintptr_t(guard), start(token), C.uint64_t(len(token)), C.uint64_t(times), &nanoseconds, &out)
	runtime.KeepAlive(token)
	return time.Duration(nanoseconds), result(out)
}

// IssuerFree frees an issuer.
func IssuerFree(issuer uintptr) { C.shim_issuer_free(C.uintptr_t(issuer)) }

// ClockFree frees a clock.
func ClockFree(clock uintptr) { C.shim_clock_free(C.uintptr_t(clock)) }

// LiveHandles counts what was not freed.
func LiveHandles() int64 { return int64(C.counterseal_testing_live_handles()) }

// Panic makes the next calls fail inside.
func Panic(calls int) { C.counterseal_testing_panic(C.uint32_t(calls)) }
