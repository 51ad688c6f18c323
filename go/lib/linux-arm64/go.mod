module github.com/counterseal/counterseal/go/lib/linux-arm64

go 1.24
