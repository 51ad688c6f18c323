//go:build !cgo

package counterseal

// Counterseal is a C library with a Go package around it.
var _ = counterseal_needs_cgo__set_CGO_ENABLED_to_1_and_install_a_C_compiler
