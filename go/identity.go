//go:build cgo

package counterseal

import (
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/counterseal/counterseal/go/internal/native"
)

// An Identity is who a verified token speaks for, and the proof that it was verified: there is no way to make
// one but [Guard.Verify] and its like. It is immutable and does not hold the token.
//
// Texts and times that the token does not have are empty and zero. A zero Identity is no proof: its methods
// panic with a [*MisuseError].
type Identity struct {
	proof *proof
}

// A proof owns the library's object. It holds the Identity that points to it, so that a verification needs one
// object for both; copies of the Identity share it.
type proof struct {
	identity Identity
	handle   uintptr
	fields   native.IdentityFields
	claims   atomic.Pointer[string]
}

func newIdentity(handle uintptr) (*Identity, error) {
	made := &proof{handle: handle}
	made.identity.proof = made
	runtime.AddCleanup(made, native.IdentityFree, handle)
	if read := native.ReadIdentity(handle, &made.fields); read.Error != 0 {
		return nil, newError(read.Error, nil)
	}
	return &made.identity, nil
}

// known gives the fields of a proof.
func (i *Identity) known() *native.IdentityFields {
	if i == nil || i.proof == nil {
		panic(misuse("identity"))
	}
	return &i.proof.fields
}

// Subject is `sub`. Together with the issuer it names the principal; alone it does not.
func (i *Identity) Subject() string { return i.known().Subject }

// Issuer is the issuer as the policy spells it.
func (i *Identity) Issuer() string { return i.known().Issuer }

// IssuerName is the name of the issuer's entry in the policy.
func (i *Identity) IssuerName() string { return i.known().IssuerName }

// Audience gives the audiences, in the token's order.
func (i *Identity) Audience() []string { return slices.Clone(i.known().Audience) }

// Scopes gives the scopes, in the token's order.
func (i *Identity) Scopes() []string { return slices.Clone(i.known().Scopes) }

// HasScope says whether exactly this scope was granted.
func (i *Identity) HasScope(scope string) bool { return slices.Contains(i.known().Scopes, scope) }

// Roles gives the roles from where the policy says they are.
func (i *Identity) Roles() []string { return slices.Clone(i.known().Roles) }

// HasRole says whether exactly this role is among them.
func (i *Identity) HasRole(role string) bool { return slices.Contains(i.known().Roles, role) }

// Tenant is the tenant from where the policy says it is.
func (i *Identity) Tenant() string { return i.known().Tenant }

// ClientID is the client that the token was issued to.
func (i *Identity) ClientID() string { return i.known().ClientID }

// SubjectKind is "user", "client" or "unknown".
func (i *Identity) SubjectKind() string { return i.known().SubjectKind }

// Actors gives the actors of a delegated token, outermost first.
func (i *Identity) Actors() []string { return slices.Clone(i.known().Actors) }

// TokenID is `jti`.
func (i *Identity) TokenID() string { return i.known().TokenID }

// IssuedAt is `iat`.
func (i *Identity) IssuedAt() time.Time { return date(i.known().IssuedAt) }

// ExpiresAt is `exp`.
func (i *Identity) ExpiresAt() time.Time { return date(i.known().ExpiresAt) }

// NotBefore is `nbf`.
func (i *Identity) NotBefore() time.Time { return date(i.known().NotBefore) }

// AuthTime is `auth_time`: when the person signed in.
func (i *Identity) AuthTime() time.Time { return date(i.known().AuthTime) }

// ACR is `acr`: the class of the authentication.
func (i *Identity) ACR() string { return i.known().ACR }

// AMR is `amr`: the methods of the authentication.
func (i *Identity) AMR() []string { return slices.Clone(i.known().AMR) }

// Profile is the profile under which the token was accepted, such as "access_token".
func (i *Identity) Profile() string { return i.known().Profile }

// TransactionID is `txn`: the transaction that the token belongs to.
func (i *Identity) TransactionID() string { return i.known().TransactionID }

// GroupsIncomplete says whether the provider left group lists out because they were too long: then an empty
// list of roles means nothing.
func (i *Identity) GroupsIncomplete() bool { return i.known().GroupsIncomplete }

// Equal says whether two identities are the same by value: the same entry of the policy and the same claims.
func (i *Identity) Equal(other *Identity) bool {
	i.known()
	other.known()
	equal := i.proof == other.proof || native.IdentityEqual(i.proof.handle, other.proof.handle)
	runtime.KeepAlive(i.proof)
	runtime.KeepAlive(other.proof)
	return equal
}

// MarshalJSON gives the identity as JSON: its fields by name, and the claims. Never the token.
func (i Identity) MarshalJSON() ([]byte, error) {
	if i.proof == nil {
		return nil, misuse("identity")
	}
	made := native.IdentityJSON(i.proof.handle)
	runtime.KeepAlive(i.proof)
	if made.Error != 0 {
		return nil, newError(made.Error, nil)
	}
	return []byte(native.TakeText(made.Handle)), nil
}

// UnmarshalJSON fails: what comes back from a queue or a database is no proof.
func (i *Identity) UnmarshalJSON([]byte) error {
	return misuse("identity")
}

// String names the issuer's entry in the policy and shows no claim.
func (i Identity) String() string {
	if i.proof == nil {
		return "counterseal.Identity(none)"
	}
	return "counterseal.Identity(" + i.proof.fields.IssuerName + ")"
}

// GoString is the same as [Identity.String].
func (i Identity) GoString() string { return i.String() }

// Format writes [Identity.String] whatever the verb, so that no verb shows claims.
func (i Identity) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, i.String()) }

// LogValue is the same as [Identity.String].
func (i Identity) LogValue() slog.Value { return slog.StringValue(i.String()) }

func date(seconds int64) time.Time {
	if seconds == native.NoTime {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
