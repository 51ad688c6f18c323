// Package lib holds libcounterseal for Linux on 64-bit ARM.
package lib
