// The cast of the demo: one API and its neighbour, the clients of the identity provider, one user.

export const orders = {
  audience: 'https://api.example.com/orders',
  scopes: ['orders:read', 'orders:list'],
};

export const billing = {
  audience: 'https://api.example.com/billing',
  scopes: ['billing:read'],
};

export const user = 'alice';

/** The web shop: users sign in with it. A public client, so it proves itself with PKCE. */
export const shop = {
  client_id: 'web-shop',
  token_endpoint_auth_method: 'none',
  redirect_uris: ['https://shop.example.com/callback'],
  response_types: ['code'],
  grant_types: ['authorization_code'],
};

/** A batch job: asks for tokens in its own name. */
export const job = service('nightly-report');

/** A service whose owner may add claims of their own, and adds one that looks like `sub`. */
export const mapper = { ...service('attribute-mapper'), addedClaims: { Sub: 'admin' } };

function service(id) {
  return {
    client_id: id,
    client_secret: 'known-to-everyone-who-reads-the-demo',
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
  };
}
