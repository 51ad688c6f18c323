//go:build cgo

package counterseal

import (
	"encoding/json"
	"runtime"

	"github.com/counterseal/counterseal/go/internal/native"
)

// A Report is a verification with every check written down. It holds no token and no key.
type Report struct {
	Verdict    string   `json:"verdict"` // "verified", "rejected" or "pending"
	Code       Code     `json:"code"`    // of a rejection, else 0
	Checks     []Check  `json:"checks"`
	NotReached []string `json:"not_reached"` // the steps that the verification did not come to
}

// A Check is one of them.
type Check struct {
	Rule    string `json:"rule"`
	Name    string `json:"name"` // what it asks, in a few words
	Stage   string `json:"stage"`
	Outcome string `json:"outcome"` // "passed" or "failed"
	Detail  string `json:"detail"`
}

// Explain is the same verification as [Guard.Verify] as a report of every check, for people. It costs several
// times as much, never waits, and changes nothing.
func (g *Guard) Explain(token string, options ...VerifyOption) (*Report, error) {
	if g == nil || g.handle == 0 {
		return nil, misuse("guard")
	}
	made := native.GuardExplain(g.handle, token, at(options))
	runtime.KeepAlive(g)
	if made.Error != 0 {
		return nil, newError(made.Error, nil)
	}
	report := new(Report)
	if err := json.Unmarshal([]byte(native.TakeText(made.Handle)), report); err != nil {
		return nil, &InternalError{ErrInternal, ErrInternal.Error()}
	}
	return report, nil
}
