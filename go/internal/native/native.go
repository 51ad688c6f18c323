//go:build cgo

// Package native crosses into libcounterseal: one function for each call, dull on purpose. Handles are
// numbers; whoever has one keeps what owns it alive (runtime.KeepAlive) until the call is over.
package native

/*
#include "shim.h"

#cgo noescape shim_guard_answer
#cgo nocallback shim_guard_answer
#cgo noescape shim_guard_try_verify
#cgo nocallback shim_guard_try_verify
#cgo noescape shim_error_read
#cgo nocallback shim_error_read
#cgo nocallback shim_identity_free
#cgo nocallback shim_error_free
*/
import "C"

import (
	"runtime"
	"time"
	"unsafe"
)

// What the library answers about a token.
const (
	Known    = C.COUNTERSEAL_ANSWER_KNOWN
	Verified = C.COUNTERSEAL_ANSWER_VERIFIED
	Pending  = C.COUNTERSEAL_ANSWER_PENDING
)

// PendingWaits is how often a caller waits for keys and asks again.
const PendingWaits = C.COUNTERSEAL_PENDING_WAITS

// The two ways to write a policy.
const (
	FormatTOML = C.COUNTERSEAL_FORMAT_TOML
	FormatJSON = C.COUNTERSEAL_FORMAT_JSON
)

// NoTime stands for a date that a token does not have.
const NoTime = C.COUNTERSEAL_NO_TIME

// Version is the version of the library.
func Version() string { return C.GoString(C.counterseal_version()) }

func init() {
	if version := C.counterseal_abi_version(); version != C.COUNTERSEAL_ABI_VERSION {
		panic("counterseal: libcounterseal is of another version than this package")
	}
}

// Answer is what the library says about a token: an error, a proof that it gave before, a new identity,
// or a flight to wait for.
type Answer struct {
	ID       uint64
	Wait     time.Duration
	Identity uintptr
	Flight   uintptr
	Error    uintptr
	Kind     uint32
}

// GuardAnswer asks about a token. now is nil, or seconds since 1970.
func GuardAnswer(guard uintptr, token string, now *int64) Answer {
	var out C.shim_answer
	C.shim_guard_answer(C.uintptr_t(guard), start(token), C.uint64_t(len(token)), (*C.int64_t)(now), &out)
	runtime.KeepAlive(token)
	return answer(&out)
}

func answer(out *C.shim_answer) Answer {
	return Answer{
		ID:       uint64(out.id),
		Wait:     time.Duration(out.wait_milliseconds) * time.Millisecond,
		Identity: uintptr(out.identity),
		Flight:   uintptr(out.flight),
		Error:    uintptr(out.error),
		Kind:     uint32(out.kind),
	}
}

// GuardAnswerMany asks about many tokens at one reading of the clock.
func GuardAnswerMany(guard uintptr, tokens []string, now *int64) ([]Answer, Result) {
	joined, lengths := joined(tokens)
	given := make([]C.shim_answer, len(tokens))
	var out C.shim_result
	C.shim_guard_answer_many(C.uintptr_t(guard), (*C.char)(unsafe.Pointer(unsafe.SliceData(joined))),
		unsafe.SliceData(lengths), C.uint64_t(len(tokens)), (*C.int64_t)(now), unsafe.SliceData(given), &out)
	runtime.KeepAlive(joined)
	runtime.KeepAlive(lengths)
	clear(joined)
	if out.error != 0 {
		return nil, result(out)
	}
	answers := make([]Answer, len(tokens))
	for at := range given {
		answers[at] = answer(&given[at])
	}
	return answers, Result{}
}

// joined puts texts one behind the other.
func joined(texts []string) ([]byte, []C.uint64_t) {
	size := 0
	for _, text := range texts {
		size += len(text)
	}
	joined := make([]byte, 0, size+1) // never without a start
	lengths := make([]C.uint64_t, len(texts))
	for at, text := range texts {
		joined = append(joined, text...)
		lengths[at] = C.uint64_t(len(text))
	}
	return joined, lengths
}

// Result is a handle, or the handle of an error.
type Result struct {
	Handle uintptr
	Error  uintptr
}

func result(out C.shim_result) Result {
	return Result{uintptr(out.handle), uintptr(out.error)}
}

// PolicyLoad reads a policy file. service is nil where the environment names it.
func PolicyLoad(path string, service *string) Result {
	var out C.shim_result
	C.shim_policy_load(start(path), C.uint64_t(len(path)), startOf(service), lengthOf(service), &out)
	runtime.KeepAlive(path)
	runtime.KeepAlive(service)
	return result(out)
}

// PolicyParse reads a policy from text.
func PolicyParse(text string, format uint32, service, baseDir *string) Result {
	var out C.shim_result
	C.shim_policy_parse(start(text), C.uint64_t(len(text)), C.uint32_t(format),
		startOf(service), lengthOf(service), startOf(baseDir), lengthOf(baseDir), &out)
	runtime.KeepAlive(text)
	runtime.KeepAlive(service)
	runtime.KeepAlive(baseDir)
	return result(out)
}

// GuardNew makes a guard for a policy.
func GuardNew(policy uintptr) Result {
	var out C.shim_result
	C.shim_guard_new(C.uintptr_t(policy), &out)
	return result(out)
}

// GuardLoad reads a policy file and makes its guard.
func GuardLoad(path string, service *string) Result {
	var out C.shim_result
	C.shim_guard_load(start(path), C.uint64_t(len(path)), startOf(service), lengthOf(service), &out)
	runtime.KeepAlive(path)
	runtime.KeepAlive(service)
	return result(out)
}

// GuardTryVerify verifies a token without waiting.
func GuardTryVerify(guard uintptr, token string, now *int64) Result {
	var out C.shim_result
	C.shim_guard_try_verify(C.uintptr_t(guard), start(token), C.uint64_t(len(token)), (*C.int64_t)(now), &out)
	runtime.KeepAlive(token)
	return result(out)
}

// GuardExplain gives a report in JSON.
func GuardExplain(guard uintptr, token string, now *int64) Result {
	var out C.shim_result
	C.shim_guard_explain(C.uintptr_t(guard), start(token), C.uint64_t(len(token)), (*C.int64_t)(now), &out)
	runtime.KeepAlive(token)
	return result(out)
}

// GuardKeysUnavailable gives the error of who has waited long enough.
func GuardKeysUnavailable(guard, flight uintptr) Result {
	var out C.shim_result
	C.shim_guard_keys_unavailable(C.uintptr_t(guard), C.uintptr_t(flight), &out)
	return result(out)
}

// GuardStatus tells how a guard is doing, in JSON.
func GuardStatus(guard uintptr) Result {
	var out C.shim_result
	C.shim_guard_status(C.uintptr_t(guard), &out)
	return result(out)
}

// GuardMetrics tells the same numbers as Prometheus text.
func GuardMetrics(guard uintptr) Result {
	var out C.shim_result
	C.shim_guard_metrics(C.uintptr_t(guard), &out)
	return result(out)
}

// GuardReadiness gives what a guard waits for until its keys are there: 0 where they are.
func GuardReadiness(guard uintptr) Result {
	var out C.shim_result
	C.shim_guard_readiness(C.uintptr_t(guard), &out)
	return result(out)
}

// GuardReload reads the policy file again.
func GuardReload(guard uintptr) Result {
	var out C.shim_result
	C.shim_guard_reload(C.uintptr_t(guard), &out)
	return result(out)
}

// GuardClose closes a guard, also while it is in use.
func GuardClose(guard uintptr) Result {
	var out C.shim_result
	C.shim_guard_close(C.uintptr_t(guard), &out)
	return result(out)
}

// PendingNew makes a queue of tickets.
func PendingNew() Result {
	var out C.shim_result
	C.shim_pending_new(&out)
	return result(out)
}

// PendingWatch puts a ticket into the queue once the flight is over.
func PendingWatch(queue, guard, flight uintptr, ticket uint64) Result {
	var out C.shim_result
	C.shim_pending_watch(C.uintptr_t(queue), C.uintptr_t(guard), C.uintptr_t(flight), C.uint64_t(ticket), &out)
	return result(out)
}

// PendingNext waits for tickets and gives their number.
func PendingNext(queue uintptr, tickets []uint64, timeout time.Duration) int {
	var out C.shim_result
	var count C.uint64_t
	C.shim_pending_next(C.uintptr_t(queue), (*C.uint64_t)(unsafe.SliceData(tickets)), C.uint64_t(len(tickets)),
		C.uint64_t(timeout.Milliseconds()), &count, &out)
	runtime.KeepAlive(tickets)
	if out.error != 0 {
		ErrorFree(uintptr(out.error))
		return 0
	}
	return int(count)
}

// PendingCancel forgets a ticket.
func PendingCancel(queue, guard uintptr, ticket uint64) Result {
	var out C.shim_result
	C.shim_pending_cancel(C.uintptr_t(queue), C.uintptr_t(guard), C.uint64_t(ticket), &out)
	return result(out)
}

// PolicyFree frees a policy.
func PolicyFree(policy uintptr) { C.shim_policy_free(C.uintptr_t(policy)) }

// GuardFree frees a guard.
func GuardFree(guard uintptr) { C.shim_guard_free(C.uintptr_t(guard)) }

// FlightFree frees a flight.
func FlightFree(flight uintptr) { C.shim_flight_free(C.uintptr_t(flight)) }

// ErrorFree frees an error.
func ErrorFree(err uintptr) { C.shim_error_free(C.uintptr_t(err)) }

// IdentityFree frees an identity.
func IdentityFree(identity uintptr) { C.shim_identity_free(C.uintptr_t(identity)) }

// TakeText copies a text and frees its handle.
func TakeText(handle uintptr) string {
	var view C.counterseal_view
	C.shim_text_read(C.uintptr_t(handle), &view)
	text := copied(view)
	C.shim_text_free(C.uintptr_t(handle))
	return text
}

// ErrorFields is all that the library tells about an error.
type ErrorFields struct {
	Number, Status, RetryAfter                                 uint32
	Enforced                                                   bool
	Class, Rule, WWWAuthenticate, Reference, Message, Problems string
}

// TakeError copies an error and frees its handle.
func TakeError(handle uintptr) ErrorFields {
	var fields C.counterseal_error_fields
	C.shim_error_read(C.uintptr_t(handle), &fields)
	taken := ErrorFields{
		Number:          uint32(fields.number),
		Status:          uint32(fields.status),
		RetryAfter:      uint32(fields.retry_after),
		Enforced:        fields.enforced != 0,
		Class:           copied(fields.error_class),
		Rule:            copied(fields.rule),
		WWWAuthenticate: copied(fields.www_authenticate),
		Reference:       copied(fields.reference),
		Message:         copied(fields.message),
		Problems:        copied(fields.problems),
	}
	C.shim_error_free(C.uintptr_t(handle))
	return taken
}

// none is where an empty text starts that is there all the same.
var none [1]byte

func start(text string) *C.char {
	if len(text) == 0 {
		return (*C.char)(unsafe.Pointer(&none))
	}
	return (*C.char)(unsafe.Pointer(unsafe.StringData(text)))
}

func startOf(text *string) *C.char {
	if text == nil {
		return nil
	}
	return start(*text)
}

func lengthOf(text *string) C.uint64_t {
	if text == nil {
		return 0
	}
	return C.uint64_t(len(*text))
}

func bytesOf(view C.counterseal_view) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(view.data)), int(view.length))
}

func copied(view C.counterseal_view) string {
	return string(bytesOf(view))
}
