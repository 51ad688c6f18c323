module github.com/counterseal/counterseal/go

go 1.24

// One module for each platform, with the library built for it: a build downloads only the one that fits.
require (
	github.com/counterseal/counterseal/go/lib/linux-amd64 v0.1.0
	github.com/counterseal/counterseal/go/lib/linux-arm64 v0.1.0
)

// In this repository they are here, and `make go` puts the library into them.
replace (
	github.com/counterseal/counterseal/go/lib/linux-amd64 => ./lib/linux-amd64
	github.com/counterseal/counterseal/go/lib/linux-arm64 => ./lib/linux-arm64
)
