"""What a Python service says of tokens: verify.py POLICY, a question a line, an answer a line."""

import json
import sys

import counterseal

guard = counterseal.Guard.load(sys.argv[1])


def verdict(token, now):
    try:
        identity = guard.verify(token, now=now)
        return {"verdict": "verified", "subject": identity.subject}
    except counterseal.TokenRejectedError as error:
        return {"verdict": "rejected", "code": error.code, "status": error.status}
    except counterseal.UnavailableError as error:
        return {"verdict": "unavailable", "code": error.code, "status": error.status, "retry_after": error.retry_after}


def keys():
    """How the keys of the issuer are doing."""
    issuer = guard.status()["issuers"][0]
    fetch = issuer["fetch"]
    return {"state": issuer["key_state"], "refreshes": fetch["refreshes"], "in_flight": fetch["in_flight"]}


for line in sys.stdin:
    question = json.loads(line)
    answer = verdict(question["token"], question["now"]) if "token" in question else keys()
    print(json.dumps(answer), flush=True)
