package bench

import "testing"

func BenchmarkMiss(b *testing.B) {
	signer := newSigner(b, "HS256")
	guard := signer.guard(b, 0)
	verify := verifying(b, guard, []string{signer.token(b, 1)})
	b.ReportAllocs()
	for range b.N {
		verify()
	}
}
