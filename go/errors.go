//go:build cgo

package counterseal

import (
	"encoding/json"
	"fmt"
	"sort"
	"time"

	"github.com/counterseal/counterseal/go/internal/native"
)

// A Code is the stable number of an error. It is an error itself, to be compared with:
// errors.Is(err, counterseal.ErrTokenExpired).
type Code uint16

// A Class says what the caller does about an error. It is an error itself, to be compared with:
// errors.Is(err, counterseal.ClassUnavailable).
type Class uint8

type codeRow struct {
	code    Code
	slug    string
	class   Class
	message string
}

// row gives nil for a number that this version does not know.
func (c Code) row() *codeRow {
	at := sort.Search(len(codeTable), func(at int) bool { return codeTable[at].code >= c })
	if at < len(codeTable) && codeTable[at].code == c {
		return &codeTable[at]
	}
	return nil
}

// String is the stable name of the code, such as "token_expired".
func (c Code) String() string {
	if row := c.row(); row != nil {
		return row.slug
	}
	return fmt.Sprintf("code_%d", uint16(c))
}

// Error is the name and the meaning of the code.
func (c Code) Error() string {
	if row := c.row(); row != nil {
		return row.slug + ": " + row.message
	}
	return c.String()
}

// Class says what the caller does about the code where a token is refused with it; 0 for a code that this version does not know.
func (c Code) Class() Class {
	if row := c.row(); row != nil {
		return row.class
	}
	return 0
}

// MarshalText gives the name of the code; none for 0.
func (c Code) MarshalText() ([]byte, error) {
	if c == 0 {
		return nil, nil
	}
	return []byte(c.String()), nil
}

// UnmarshalText reads the name of a code.
func (c *Code) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = 0
		return nil
	}
	for _, row := range codeTable {
		if row.slug == string(text) {
			*c = row.code
			return nil
		}
	}
	return misuse("code")
}

// String is the name of the class, such as "unavailable".
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class_%d", uint8(c))
}

// Error is the name of the class.
func (c Class) Error() string {
	return c.String()
}

// A TokenRejectedError says that a token was refused. Answer with Status and WWWAuthenticate; Code, Rule and
// Reference are for the log. It holds nothing of the token.
type TokenRejectedError struct {
	Code            Code
	Rule            string // the check that failed first, such as "CLM-13"
	Status          int    // 401 or 403
	WWWAuthenticate string // the value of the header
	Reference       string // shown to the client, found again in the log
	Enforced        bool   // false: the policy says enforce = false; report it, and let the library decide that decided before
	message         string
}

// An UnavailableError says that nobody can decide now: answer 503 with Retry-After, and never log the user
// out. Where a context ended the wait, it matches the context's error, too.
type UnavailableError struct {
	Code       Code
	RetryAfter time.Duration
	Status     int // 503
	Reference  string
	Enforced   bool // as in TokenRejectedError
	message    string
	cause      error
}

// A PolicyError lists every mistake in a policy.
type PolicyError struct {
	Code     Code // of the first problem
	Problems []Problem
	message  string
}

// A Problem is one mistake in a policy.
type Problem struct {
	Path    string `json:"path"`    // the setting, such as issuer[0].keys; empty for the policy as a whole
	Pointer string `json:"pointer"` // the same as a JSON Pointer
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint"` // what to write instead
}

// A MisuseError says that the call is wrong: fix the code.
type MisuseError struct {
	Code    Code
	message string
}

// An InternalError says that Counterseal is wrong: report it.
type InternalError struct {
	Code    Code
	message string
}

func (e *TokenRejectedError) Error() string { return e.message }
func (e *UnavailableError) Error() string   { return e.message }
func (e *PolicyError) Error() string        { return e.message }
func (e *MisuseError) Error() string        { return e.message }
func (e *InternalError) Error() string      { return e.message }

// Unwrap gives the code and its class, for errors.Is.
func (e *TokenRejectedError) Unwrap() []error { return []error{e.Code, e.Code.Class()} }

// Unwrap gives the code, its class, and the error of the context that ended the wait.
func (e *UnavailableError) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Code, e.Code.Class()}
	}
	return []error{e.Code, e.Code.Class(), e.cause}
}

// Unwrap gives the code of the first problem and [ClassPolicy], whatever the code's own class.
func (e *PolicyError) Unwrap() []error { return []error{e.Code, ClassPolicy} }

// Unwrap gives the code and [ClassMisuse], whatever the code's own class.
func (e *MisuseError) Unwrap() []error { return []error{e.Code, ClassMisuse} }

// Unwrap gives the code and [ClassInternal].
func (e *InternalError) Unwrap() []error { return []error{e.Code, ClassInternal} }

// newError makes the error of a handle and frees it.
func newError(handle uintptr, cause error) error {
	fields := native.TakeError(handle)
	code := Code(fields.Number)
	switch fields.Class {
	case "malformed", "untrusted", "rejected":
		return &TokenRejectedError{
			Code: code, Rule: fields.Rule, Status: int(fields.Status), WWWAuthenticate: fields.WWWAuthenticate,
			Reference: fields.Reference, Enforced: fields.Enforced, message: fields.Message,
		}
	case "unavailable":
		message := fields.Message
		if cause != nil {
			message += ": " + cause.Error()
		}
		return &UnavailableError{
			Code: code, RetryAfter: time.Duration(fields.RetryAfter) * time.Second, Status: int(fields.Status),
			Reference: fields.Reference, Enforced: fields.Enforced, message: message, cause: cause,
		}
	case "policy":
		failed := &PolicyError{Code: code, message: fields.Message}
		if err := json.Unmarshal([]byte(fields.Problems), &failed.Problems); err != nil && fields.Problems != "" {
			return &InternalError{ErrInternal, ErrInternal.Error()}
		}
		return failed
	case "misuse":
		return &MisuseError{code, fields.Message}
	default:
		return &InternalError{code, fields.Message}
	}
}

// misuse is the error of a wrong argument that does not get as far as the library.
func misuse(argument string) error {
	return &MisuseError{ErrMisuseArgument, ErrMisuseArgument.Error() + " (" + argument + ")"}
}
