//go:build cgo

package counterseal

import (
	"runtime"
	"time"

	"github.com/counterseal/counterseal/go/internal/native"
)

// Requirements are what one handler asks beyond the policy. What is left out is not asked; something must be.
type Requirements struct {
	Scopes []string       // all of them
	ACR    []string       // one of these classes of sign-ins
	MaxAge *time.Duration // since the sign-in, in whole seconds: see [Within]
}

// Within is a [Requirements.MaxAge]: the person signed in at most so long ago.
func Within(age time.Duration) *time.Duration { return &age }

// Require holds the identity against what one handler asks, at the machine's time or that of [WithNow].
//
// The error is a [*TokenRejectedError]: [ErrInsufficientScope] (403), or [ErrAcrUnmet] and [ErrAuthTooOld]
// (401, with the challenge of RFC 9470 that makes a client send the person to sign in again).
func (i *Identity) Require(asked Requirements, options ...VerifyOption) error {
	i.known()
	var maxAge *int64
	if asked.MaxAge != nil {
		seconds := wholeSeconds(*asked.MaxAge)
		maxAge = &seconds
	}
	held := native.IdentityRequire(i.proof.handle, asked.Scopes, asked.ACR, maxAge, at(options))
	runtime.KeepAlive(i.proof)
	if held.Error != 0 {
		return newError(held.Error, nil)
	}
	return nil
}

// wholeSeconds rounds down, also below zero.
func wholeSeconds(duration time.Duration) int64 {
	seconds := int64(duration / time.Second)
	if duration%time.Second < 0 {
		seconds--
	}
	return seconds
}
