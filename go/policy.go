//go:build cgo

package counterseal

import (
	"runtime"

	"github.com/counterseal/counterseal/go/internal/native"
)

// A Policy says what a service accepts. It is data, checked, for any number of guards.
type Policy struct {
	handle uintptr
}

// A Format is a way to write a policy. Both say the same.
type Format uint32

// The formats of policies.
const (
	FormatTOML Format = native.FormatTOML
	FormatJSON Format = native.FormatJSON
)

// A PolicyOption is what [LoadPolicy], [LoadGuard] and [ParsePolicy] take beside the policy.
type PolicyOption func(*policyOptions)

type policyOptions struct {
	service, baseDir *string
}

// WithService chooses the overlay [service.NAME] of the policy. Without it, LoadPolicy and LoadGuard take the
// name from the environment variable COUNTERSEAL_SERVICE, where it is set.
func WithService(name string) PolicyOption {
	return func(options *policyOptions) { options.service = &name }
}

// WithBaseDir says where relative paths in a policy start that is given as text: otherwise at the working
// directory. Those in a file start at the directory of the file.
func WithBaseDir(path string) PolicyOption {
	return func(options *policyOptions) { options.baseDir = &path }
}

// LoadPolicy reads a policy file, TOML or (.json) JSON, and the key files and secrets that it names. A policy
// with mistakes is a [*PolicyError] that lists all of them.
func LoadPolicy(path string, options ...PolicyOption) (*Policy, error) {
	return newPolicy(native.PolicyLoad(path, chosen(options).service))
}

// ParsePolicy reads a policy from text.
func ParsePolicy(text string, format Format, options ...PolicyOption) (*Policy, error) {
	with := chosen(options)
	return newPolicy(native.PolicyParse(text, uint32(format), with.service, with.baseDir))
}

func chosen(options []PolicyOption) policyOptions {
	var with policyOptions
	for _, option := range options {
		if option != nil {
			option(&with)
		}
	}
	return with
}

func newPolicy(made native.Result) (*Policy, error) {
	if made.Error != 0 {
		return nil, newError(made.Error, nil)
	}
	policy := &Policy{made.Handle}
	runtime.AddCleanup(policy, native.PolicyFree, made.Handle)
	return policy, nil
}
