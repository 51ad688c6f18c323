// Package bench measures the Go package beside its peers, on the same tokens, in one run:
//
//	go test -run Budgets -v .
package bench
