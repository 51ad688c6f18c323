//go:build cgo

package counterseal

import (
	"encoding/json"
	"runtime"
	"strconv"

	"github.com/counterseal/counterseal/go/internal/native"
)

// Claims gives all claims of the token, made anew for each call: yours to change. Values are those of
// encoding/json (nil, bool, float64, string, []any, map[string]any), but for integers beyond 2^53 − 1 and
// numbers that a float64 cannot hold, which are a [json.Number]: nothing is rounded away.
func (i *Identity) Claims() map[string]any {
	claims, _ := (&tape{text: i.tape()}).value().(map[string]any)
	return claims
}

// Claim gives one claim by JSON Pointer (RFC 6901), such as "/realm_access/roles/0", or by name; false where
// there is none.
func (i *Identity) Claim(pointer string) (any, bool) {
	i.known()
	text, failed := native.IdentityTape(i.proof.handle, &pointer)
	runtime.KeepAlive(i.proof)
	if failed.Error != 0 {
		native.ErrorFree(failed.Error) // a pointer that is not UTF-8 points to nothing
		return nil, false
	}
	if text == "" {
		return nil, false
	}
	return (&tape{text: text}).value(), true
}

// tape gives the claims as the library writes them for us, which is done once.
func (i *Identity) tape() string {
	i.known()
	if held := i.proof.claims.Load(); held != nil {
		return *held
	}
	text, failed := native.IdentityTape(i.proof.handle, nil)
	runtime.KeepAlive(i.proof)
	if failed.Error != 0 {
		panic(newError(failed.Error, nil))
	}
	i.proof.claims.Store(&text)
	return text
}

// A tape is a value of JSON, written flat: counterseal_identity_tape in counterseal.h says how. Its texts are
// parts of the one string.
type tape struct {
	text string
	at   int
}

func (t *tape) value() any {
	switch mark := t.mark(); mark {
	case 'f':
		return false
	case 't':
		return true
	case '#':
		return number(t.string())
	case '"':
		return t.string()
	case '[':
		list := make([]any, t.length())
		for at := range list {
			list[at] = t.value()
		}
		return list
	case '{':
		count := t.length()
		object := make(map[string]any, count)
		for range count {
			t.mark() // of the name
			name := t.string()
			object[name] = t.value()
		}
		return object
	default:
		return nil
	}
}

func (t *tape) mark() byte {
	t.at++
	return t.text[t.at-1]
}

func (t *tape) length() int {
	at := t.at
	t.at += 4
	return int(uint32(t.text[at]) | uint32(t.text[at+1])<<8 | uint32(t.text[at+2])<<16 | uint32(t.text[at+3])<<24)
}

func (t *tape) string() string {
	length := t.length()
	from := t.at
	t.at += length
	return t.text[from:t.at]
}

// exact is the largest integer below which a float64 holds every one.
const exact = 1<<53 - 1

func number(text string) any {
	if whole, ok := integer(text); ok {
		return whole
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || isInteger(text) {
		return json.Number(text)
	}
	return value
}

// integer reads what most numbers are: a few digits.
func integer(text string) (float64, bool) {
	digits := text
	if text[0] == '-' {
		digits = text[1:]
	}
	if len(digits) > 16 {
		return 0, false
	}
	var value int64
	for at := range len(digits) {
		digit := digits[at] - '0'
		if digit > 9 {
			return 0, false
		}
		value = 10*value + int64(digit)
	}
	if value > exact {
		return 0, false
	}
	if len(digits) != len(text) {
		return -float64(value), true
	}
	return float64(value), true
}

// isInteger says whether a number is written without fraction and exponent.
func isInteger(text string) bool {
	for at := range len(text) {
		if text[at] == '.' || text[at] == 'e' || text[at] == 'E' {
			return false
		}
	}
	return true
}
