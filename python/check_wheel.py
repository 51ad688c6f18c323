"""Is a wheel what it should be? check_wheel.py [--release] WHEEL…

Its files are those of python/counterseal and the native module, nothing else; it is for every CPython from 3.10
on; it is small; RECORD tells the truth. `--release` asks for what only the builds of a release have: a platform that
old systems have too, and no path of the machine that built it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
LARGEST = 5_000_000
OLDEST = r"(manylinux2014_\w+\.manylinux_2_17_\w+|musllinux_1_2_\w+|macosx_1[01]_\d+_\w+|win_amd64)"


def problems(path: Path, release: bool) -> list[str]:
    found = []
    name = re.fullmatch(r"counterseal-([0-9][^-]*)-cp310-abi3-(.+)\.whl", path.name)
    if name is None:
        return ["its name is not that of a wheel for every CPython from 3.10 on"]
    version, platform = name.groups()
    with zipfile.ZipFile(path) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    about = f"counterseal-{version}.dist-info"

    native = "counterseal/_counterseal." + ("pyd" if platform.startswith("win") else "abi3.so")
    sources = {f"counterseal/{file.name}" for file in (HERE / "counterseal").iterdir() if file.is_file()}
    wanted = sources | {native} | {f"{about}/{file}" for file in ["METADATA", "WHEEL", "RECORD", "licenses/LICENSE"]}
    wanted |= {f"{about}/sboms/counterseal-python.cyclonedx.json"}
    found += [f"{file} is missing" for file in sorted(wanted - set(files))]
    found += [f"{file} should not be there" for file in sorted(set(files) - wanted)]
    changed = [file for file in sorted(sources & set(files)) if files[file] != (HERE / file).read_bytes()]
    found += [f"{file} differs from the source" for file in changed]
    if not {"counterseal/py.typed", "counterseal/_counterseal.pyi"} <= set(files):
        found.append("the types are missing")

    if path.stat().st_size > LARGEST:
        found.append(f"it has {path.stat().st_size} bytes, more than {LARGEST}")
    tags = re.findall(r"^Tag: (.*)$", files.get(f"{about}/WHEEL", b"").decode(), re.M)
    expected = [f"cp310-abi3-{one}" for one in platform.split(".")]
    if sorted(tags) != sorted(expected):
        found.append(f"its tags are {tags}, its name says {expected}")
    metadata = files.get(f"{about}/METADATA", b"").decode()
    for line in [f"Version: {version}", "License-Expression: Apache-2.0", "License-File: LICENSE", "Requires-Python: >=3.10"]:
        if f"\n{line}\n" not in metadata:
            found.append(f"METADATA does not say {line}")
    if "\nRequires-Dist:" in metadata:
        found.append("it asks for other packages")

    recorded = dict(line.rsplit(",", 2)[:2] for line in files.get(f"{about}/RECORD", b"").decode().split())
    for file, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        if file != f"{about}/RECORD" and recorded.pop(file, None) != f"sha256={digest}":
            found.append(f"RECORD is wrong about {file}")
    found += [f"RECORD names {file}" for file in recorded if file != f"{about}/RECORD"]

    if release:
        if not re.fullmatch(OLDEST, platform):
            found.append(f"{platform} is not a platform that is released")
        for folder in [Path.home(), HERE.resolve().parent]:
            text = f"{folder}/".encode()
            found += [f"{file} names {folder}" for file, content in files.items() if text in content]
    return found


def main(arguments: list[str]) -> int:
    release = "--release" in arguments
    wheels = [Path(argument) for argument in arguments if argument != "--release"]
    assert wheels, __doc__
    failed = False
    for wheel in wheels:
        found = problems(wheel, release)
        failed |= bool(found)
        for problem in found:
            print(f"{wheel.name}: {problem}", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
