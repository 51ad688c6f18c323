//go:build cgo

package native

// The library for this platform.
import _ "github.com/counterseal/counterseal/go/lib/linux-arm64"
