//go:build cgo && !(linux && (amd64 || arm64))

package native

// Counterseal has no library for this platform yet: build it from the repository (bindings/c) and add a
// folder go/lib/<os>-<arch>.
var _ = counterseal_has_no_library_for_this_platform
