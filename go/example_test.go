//go:build cgo

package counterseal_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/countersealtest"
)

// A handler that answers those who may.
func refund(guard *counterseal.Guard) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		identity, err := guard.Verify(r.Context(), r.Header.Get("Authorization"))
		var rejected *counterseal.TokenRejectedError
		var outage *counterseal.UnavailableError
		switch {
		case errors.As(err, &rejected):
			w.Header().Set("WWW-Authenticate", rejected.WWWAuthenticate)
			w.WriteHeader(rejected.Status)
		case errors.As(err, &outage):
			w.Header().Set("Retry-After", strconv.Itoa(int(outage.RetryAfter.Seconds())))
			w.WriteHeader(outage.Status)
		case err != nil:
			w.WriteHeader(http.StatusInternalServerError)
		case !identity.HasRole("refunds"):
			w.WriteHeader(http.StatusForbidden)
		default:
			fmt.Fprintf(w, "refunded by %s", identity.Subject())
		}
	}
}

// The test of a handler, in a few lines: a real issuer, a real guard.
func TestHandler(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	handler := refund(issuer.Guard())
	for _, test := range []struct {
		token  string
		status int
	}{
		{issuer.Token(countersealtest.Claims{"roles": []string{"refunds"}}), 200},
		{issuer.Token(nil), 403},
		{issuer.Token(nil, countersealtest.Expired()), 401},
		{issuer.Token(nil, countersealtest.WrongKey()), 401},
		{"", 401},
	} {
		request := httptest.NewRequest("POST", "/refunds", nil)
		request.Header.Set("Authorization", "Bearer "+test.token)
		response := httptest.NewRecorder()
		handler(response, request)
		if response.Code != test.status || (test.status == 401) != (response.Header().Get("WWW-Authenticate") != "") {
			t.Error(response.Code, response.Header(), test.status)
		}
	}
	pending := issuer.PendingGuard("[fetch]\nwait = \"10ms\"\n")
	response := httptest.NewRecorder()
	request := httptest.NewRequest("POST", "/refunds", nil)
	request.Header.Set("Authorization", "Bearer "+issuer.Token(nil))
	if refund(pending)(response, request); response.Code != 503 || response.Header().Get("Retry-After") == "" {
		t.Error(response.Code, response.Header())
	}
}
