//go:build cgo && linux && amd64

package lib

// #if !__has_include("libcounterseal.a")
// #error "libcounterseal.a is missing: run 'make go' in the repository of Counterseal"
// #endif
//
// #if __has_include("digest.h")
// #include "digest.h" // of a library built here: another one, and this package is another
// #endif
//
// #cgo LDFLAGS: ${SRCDIR}/libcounterseal.a -lm -ldl -lpthread
import "C"
