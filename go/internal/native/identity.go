//go:build cgo

package native

/*
#include "shim.h"

#cgo noescape shim_identity_read
#cgo nocallback shim_identity_read
#cgo noescape shim_identity_tape
#cgo nocallback shim_identity_tape
*/
import "C"

import (
	"runtime"
	"slices"
	"unsafe"
)

// IdentityFields is all that the library tells about an identity, but for its claims. Times are seconds
// since 1970, or NoTime.
type IdentityFields struct {
	ID                                       uint64
	IssuedAt, ExpiresAt, NotBefore, AuthTime int64
	Subject, Issuer, IssuerName, Tenant      string
	ClientID, SubjectKind, TokenID, ACR      string
	Profile, TransactionID                   string
	Audience, Scopes, Roles, Actors, AMR     []string
	GroupsIncomplete                         bool
}

// ReadIdentity copies the fields of an identity: into one piece of memory for all texts, and one for all
// lists.
func ReadIdentity(identity uintptr, into *IdentityFields) Result {
	var lengths [C.SHIM_TEXTS]C.uint32_t
	var buffer [1024]byte
	fields, failed := readInto(identity, into, lengths[:], buffer[:])
	if int(fields.count) > len(lengths) || int(fields.size) > len(buffer) {
		_, failed = readInto(identity, into, make([]C.uint32_t, fields.count), make([]byte, fields.size))
	}
	return failed
}

func readInto(identity uintptr, into *IdentityFields, lengths []C.uint32_t, buffer []byte) (C.shim_fields, Result) {
	var fields C.shim_fields
	var out C.shim_result
	C.shim_identity_read(C.uintptr_t(identity), &fields, unsafe.SliceData(lengths), C.uint64_t(len(lengths)),
		(*C.uint8_t)(unsafe.SliceData(buffer)), C.uint64_t(len(buffer)), &out)
	if out.error != 0 || int(fields.count) > len(lengths) || int(fields.size) > len(buffer) {
		return fields, result(out)
	}
	into.ID = uint64(fields.id)
	into.IssuedAt, into.ExpiresAt = int64(fields.issued_at), int64(fields.expires_at)
	into.NotBefore, into.AuthTime = int64(fields.not_before), int64(fields.auth_time)
	into.GroupsIncomplete = fields.groups_incomplete != 0

	text, at := string(buffer[:fields.size]), 0
	for index, place := range [C.SHIM_SINGLE]*string{
		&into.Subject, &into.Issuer, &into.IssuerName, &into.Tenant, &into.ClientID,
		&into.SubjectKind, &into.TokenID, &into.ACR, &into.Profile, &into.TransactionID,
	} {
		end := at + int(lengths[index])
		*place, at = text[at:end], end
	}
	all := make([]string, int(fields.count)-C.SHIM_SINGLE)
	for index := range all {
		end := at + int(lengths[C.SHIM_SINGLE+index])
		all[index], at = text[at:end], end
	}
	for index, place := range [C.SHIM_LISTS]*[]string{
		&into.Audience, &into.Scopes, &into.Roles, &into.Actors, &into.AMR,
	} {
		count := int(fields.counts[index])
		*place, all = all[:count:count], all[count:]
	}
	return fields, Result{}
}

// IdentityTape gives a claim as a tape, and all of them for nil; "" where there is none.
func IdentityTape(identity uintptr, pointer *string) (string, Result) {
	var small [2048]byte
	text, length, failed := tapeInto(identity, pointer, small[:])
	if failed.Error == 0 && length > len(small) {
		text, _, failed = tapeInto(identity, pointer, make([]byte, length))
	}
	return text, failed
}

func tapeInto(identity uintptr, pointer *string, buffer []byte) (string, int, Result) {
	var out C.shim_result
	var length C.uint64_t
	C.shim_identity_tape(C.uintptr_t(identity), startOf(pointer), lengthOf(pointer),
		(*C.uint8_t)(unsafe.SliceData(buffer)), C.uint64_t(len(buffer)), &length, &out)
	runtime.KeepAlive(pointer)
	runtime.KeepAlive(buffer)
	if out.error != 0 || int(length) > len(buffer) {
		return "", int(length), result(out)
	}
	return string(buffer[:int(length)]), int(length), Result{}
}

// IdentityJSON gives an identity as JSON.
func IdentityJSON(identity uintptr) Result {
	var out C.shim_result
	C.shim_identity_json(C.uintptr_t(identity), &out)
	return result(out)
}

// IdentityRequire holds an identity against what is asked of it.
func IdentityRequire(identity uintptr, scopes, acr []string, maxAge, now *int64) Result {
	var out C.shim_result
	texts, lengths := joined(slices.Concat(scopes, acr))
	C.shim_identity_require(C.uintptr_t(identity), (*C.char)(unsafe.Pointer(unsafe.SliceData(texts))),
		unsafe.SliceData(lengths), C.uint64_t(len(scopes)), C.uint64_t(len(acr)), (*C.int64_t)(maxAge),
		(*C.int64_t)(now), &out)
	runtime.KeepAlive(texts)
	runtime.KeepAlive(lengths)
	return result(out)
}

// IdentityEqual compares two identities by value.
func IdentityEqual(identity, other uintptr) bool {
	var out C.shim_result
	var equal C.uint32_t
	C.shim_identity_equal(C.uintptr_t(identity), C.uintptr_t(other), &equal, &out)
	if out.error != 0 {
		ErrorFree(uintptr(out.error))
	}
	return equal == 1
}
