// Package lib holds libcounterseal for Linux on x86-64.
package lib
