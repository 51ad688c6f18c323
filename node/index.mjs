// The objects of the one implementation, by their names.
import counterseal from "./index.cjs";

export const {
  CODES,
  CountersealError,
  Guard,
  Identity,
  InternalError,
  MisuseError,
  Policy,
  PolicyError,
  TokenRejectedError,
  UnavailableError,
  version,
} = counterseal;
