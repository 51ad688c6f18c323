"""What a Python service says of tokens: verify.py POLICY, a question a line, an answer a line."""

import json
import sys

import counterseal

guard = counterseal.Guard.load(sys.argv[1])
for line in sys.stdin:
    question = json.loads(line)
    try:
        identity = guard.verify(question["token"], now=question["now"])
        answer = {"verdict": "verified", "subject": identity.subject}
    except counterseal.TokenRejectedError as error:
        answer = {"verdict": "rejected", "code": error.code}
    except counterseal.UnavailableError as error:
        answer = {"verdict": "unavailable", "code": error.code}
    print(json.dumps(answer), flush=True)
