"use strict";
// The one implementation; `index.mjs` hands on the same objects.

const errors = require("./lib/errors.cjs");
const { Guard } = require("./lib/guard.cjs");
const { Identity } = require("./lib/identity.cjs");
const { Policy } = require("./lib/policy.cjs");
const { version } = require("./package.json");

module.exports = {
  CODES: errors.CODES,
  CountersealError: errors.CountersealError,
  Guard,
  Identity,
  InternalError: errors.InternalError,
  MisuseError: errors.MisuseError,
  Policy,
  PolicyError: errors.PolicyError,
  TokenRejectedError: errors.TokenRejectedError,
  UnavailableError: errors.UnavailableError,
  version,
};
