//go:build cgo

package counterseal

import "github.com/counterseal/counterseal/go/internal/native"

// Version is the version of Counterseal, such as "0.1.0".
func Version() string { return native.Version() }
