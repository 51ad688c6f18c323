module github.com/counterseal/counterseal/go/lib/linux-amd64

go 1.24
