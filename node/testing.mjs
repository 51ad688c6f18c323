import testing from "./testing.cjs";

export const { ABSENT, Clock, Issuer, Network, answerKeys, fetchDue, guard, issuer, loadPolicy, replace } = testing;
