"""One session of Atheris in a process of its own: libFuzzer ends the process that it runs in.

``python -m tests.fuzz.session TARGET [options of libFuzzer] [corpus]`` is what ``python -m tests.fuzz`` starts.
"""

from __future__ import annotations

import sys

import atheris


def main(arguments: list[str]) -> None:
    """Run the target that ``arguments`` name, with coverage of the package and of what compares in it."""
    with atheris.instrument_imports(include=["mememime_proxy", "tinycss2", "http_sf", "tests.fuzz.targets"]):
        from tests.fuzz.target import execute
        from tests.fuzz.targets import load

        target = load(arguments[1])
    atheris.enabled_hooks.add("str")  # that of regular expressions fails with surrogates
    atheris.Setup([arguments[0], *arguments[2:]], lambda data: execute(target, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
