// The same types by `require`.
import counterseal = require("counterseal");
import testing = require("counterseal/testing");

const guard: counterseal.Guard = testing.issuer().guard();
const identity: counterseal.Identity = guard.verifySync("x");
void identity;
