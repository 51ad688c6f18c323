"""The verdicts of PyJWT on steps of the corpus: JSON lines in, JSON lines out.

Its documented options for the policy: the key of the token's `kid` as `PyJWKClient` picks it, `algorithms`, `issuer`,
`audience`, `leeway`, `require`, and the minimum length of keys. It has no option for the time or for `typ`.
"""

import base64
import datetime
import json
import sys

import jwt
import jwt.api_jwt


class Clock(datetime.datetime):
    """PyJWT reads the time of the machine; here it reads the step's."""

    seconds = 0

    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(cls.seconds, tz)


def key_of(token, jwks):
    keys = [key for key in jwt.PyJWKSet.from_dict(jwks).keys if key.public_key_use in ("sig", None)]
    header = jwt.get_unverified_header(token)
    if "kid" in header:
        key = jwt.PyJWKClient.match_kid(keys, header["kid"])
    else:
        # The client wants a kid; a caller with a single key hands that in.
        key = keys[0] if len(keys) == 1 else None
    if key is None:
        raise jwt.PyJWKClientError("no key")
    return key


def judge(step):
    token = base64.b64decode(step["token"])
    Clock.seconds = step["now"]
    # It knows Ed25519 by its old name alone.
    algorithms = ["EdDSA" if name == "Ed25519" else name for name in step["algorithms"]]
    for key in step["jwks"]["keys"]:
        if key.get("alg") == "Ed25519":
            key["alg"] = "EdDSA"
    jwt.decode(
        token,
        key_of(token, step["jwks"]),
        algorithms=algorithms,
        issuer=step["issuer"],
        audience=step["audience"],
        leeway=step["leeway"],
        options={"require": step["required"], "enforce_minimum_key_length": True},
    )


def main():
    jwt.api_jwt.datetime = Clock
    print(json.dumps({"version": jwt.__version__}))
    for line in sys.stdin:
        step = json.loads(line)
        verdict = {"id": step["id"], "accepts": True}
        try:
            judge(step)
        except Exception as error:  # whatever it raises, it has not accepted
            verdict = {"id": step["id"], "accepts": False, "why": type(error).__name__}
        print(json.dumps(verdict))


main()
