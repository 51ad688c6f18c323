import testing from "./testing.cjs";

export const { ABSENT, Clock, Issuer, answerKeys, guard, issuer, loadPolicy, replace } = testing;
