module cold_start

go 1.24

require github.com/counterseal/counterseal/go v0.1.0

require (
	github.com/counterseal/counterseal/go/lib/linux-amd64 v0.1.0 // indirect
	github.com/counterseal/counterseal/go/lib/linux-arm64 v0.1.0 // indirect
)

replace (
	github.com/counterseal/counterseal/go => ../../../go
	github.com/counterseal/counterseal/go/lib/linux-amd64 => ../../../go/lib/linux-amd64
	github.com/counterseal/counterseal/go/lib/linux-arm64 => ../../../go/lib/linux-arm64
)
