import testing from "./testing.cjs";

export const { ABSENT, Issuer, issuer } = testing;
