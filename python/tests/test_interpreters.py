"""Other interpreters in the process are refused clearly; importing is light; one wheel for all."""

from __future__ import annotations

import sys
from typing import Callable


def test_sub_interpreters_are_refused_with_a_message(run: Callable[[str], str]) -> None:
    if sys.version_info >= (3, 13):
        make, execute = "import _interpreters as i", "print(i.exec(i.create(), code))"
    else:
        make, execute = "import _xxsubinterpreters as i", "print(i.run_string(i.create(), code))"
    program = f"""
import counterseal
from counterseal.testing import issuer
code = '''
try:
    import counterseal
except ImportError as error:
    print("refused:", error, flush=True)
'''
{make}
try:
    {execute}
except Exception as error:
    print(error)
idp = issuer()
print(idp.guard().verify(idp.token(sub="alice")).subject)
"""
    said = run(program)
    assert "refused: counterseal cannot be imported in two interpreters" in said or (
        "refused: module counterseal._counterseal does not support loading in subinterpreters" in said
    )
    assert said.rstrip().endswith("alice"), "the main interpreter goes on"


def test_importing_is_light(run: Callable[[str], str]) -> None:
    said = run(
        "import sys\nbefore = set(sys.modules)\nimport counterseal\n"
        "print(sorted({'asyncio', 'json', 'socket', 'ssl', 'datetime', 'inspect'} & (set(sys.modules) - before)))"
    )
    assert said == "[]\n"
    fastest = min(
        float(run("import time, typing, threading\nbegan = time.perf_counter()\nimport counterseal\nprint(time.perf_counter() - began)"))
        for _ in range(5)
    )
    assert fastest < 0.1, f"import counterseal took {fastest:.3f} s"


def test_it_can_be_imported_again(run: Callable[[str], str]) -> None:
    program = """
import sys
import counterseal
from counterseal.testing import issuer
idp = issuer()
token = idp.token(sub="alice")
guard = idp.guard()
for name in [name for name in sys.modules if name.startswith("counterseal")]:
    del sys.modules[name]
try:
    import counterseal as again
    print(guard.verify(token).subject)
except ImportError as error:
    print(guard.verify(token).subject)
"""
    assert run(program) == "alice\n"


def test_the_gil_is_on() -> None:
    assert getattr(sys, "_is_gil_enabled", lambda: True)()
