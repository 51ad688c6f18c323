//go:build cgo

package counterseal

import "github.com/counterseal/counterseal/go/internal/native"

// What countersealtest makes are real guards and policies.
func init() {
	native.NewGuard = func(handle uintptr) any {
		guard, _ := newGuard(native.Result{Handle: handle})
		return guard
	}
	native.NewPolicy = func(handle uintptr) any {
		policy, _ := newPolicy(native.Result{Handle: handle})
		return policy
	}
	native.GuardHandle = func(guard any) uintptr {
		if guard := guard.(*Guard); guard != nil {
			return guard.handle
		}
		return 0
	}
	native.PolicyHandle = func(policy any) uintptr {
		if policy := policy.(*Policy); policy != nil {
			return policy.handle
		}
		return 0
	}
	native.Service = func(options any) *string { return chosen(options.([]PolicyOption)).service }
	native.Error = func(handle uintptr) error { return newError(handle, nil) }
}
