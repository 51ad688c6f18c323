// Package counterseal verifies tokens by one policy file: strictly, fast, and with the same verdict as in
// every other language that Counterseal has a package for.
//
//	guard, err := counterseal.LoadGuard("counterseal.toml", counterseal.WithService("orders")) // once, at start-up
//	identity, err := guard.Verify(r.Context(), r.Header.Get("Authorization"))                  // bare, or with "Bearer "
//
// What went wrong is told by [errors.Is] and [errors.As], with a code ([ErrTokenExpired]), a class
// ([ClassUnavailable]) or a type ([*TokenRejectedError]):
//
//	var rejected *counterseal.TokenRejectedError
//	var outage *counterseal.UnavailableError
//	switch {
//	case errors.As(err, &rejected): // 401 or 403
//		w.Header().Set("WWW-Authenticate", rejected.WWWAuthenticate)
//		w.WriteHeader(rejected.Status)
//	case errors.As(err, &outage): // 503: nobody can decide now; never log the user out
//		w.Header().Set("Retry-After", strconv.Itoa(int(outage.RetryAfter.Seconds())))
//		w.WriteHeader(outage.Status)
//	}
//
// An [Identity] is a proof: only a verification makes one. It never holds the token.
//
// The package needs cgo. Everything that decides is in libcounterseal, which is linked statically.
package counterseal
