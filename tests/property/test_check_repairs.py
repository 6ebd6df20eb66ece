"""Repairs of any Dockerfile: made once, nothing but the repair changes, and the rule is not violated any more."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from basewise.dockerfile.edit import apply_edits
from basewise.dockerfile.parse import parse_dockerfile
from basewise.operations.check_options import CheckOptions
from basewise.operations.check_targets import Target
from basewise.operations.checker import Checker, edits_of

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BASES = st.sampled_from(
    ["python:3.13-slim", "python:3.13-slim-trixie AS a", "python:3.14-alpine3.24", "team/x:1", "$V"]
)
COMMANDS = st.sampled_from(
    [
        "apt-get update", "apt-get install -y gcc", "apt-get -qq install a 'b c'", "apk add curl", "apk --update add x",
        "pip install -r r.txt", "uv pip install a", "uv sync", "true # c", 'echo "apt-get install"', "(apt-get update)",
        "if x; then apt-get update; fi", "rm -rf /var/lib/apt/lists/*", "exit 0", "cat <<EOF", "a > b", "python3 -m pip install x",
    ]
)  # fmt: skip
JOINS = st.sampled_from([" && ", "; ", " \\\n    && ", " && \\\n", " || ", " | ", " \\\n# c\n ; "])
LINES = st.one_of(
    st.builds(lambda base: f"FROM {base}", BASES),
    st.builds(
        lambda first, rest: "RUN " + first + "".join(join + command for join, command in rest),
        COMMANDS,
        st.lists(st.tuples(JOINS, COMMANDS), max_size=3),
    ),
    st.builds(lambda commands: "RUN <<EOF\n" + "".join(f"{one}\n" for one in commands) + "EOF", st.lists(COMMANDS, max_size=3)),
    st.sampled_from(["USER 1", "# c", "", "ONBUILD RUN apk add x", "ENV A=1", "ARG V=python:3.13-slim-trixie"]),
)  # fmt: skip
ENDS = st.sampled_from(["\n", "\r\n"])
FILES = st.builds(
    lambda lines, end: (
        end.join(["FROM python:3.13-slim", *lines]).replace("\r\n", "\n").replace("\n", end) + end
    ),
    st.lists(LINES, max_size=6),
    ENDS,
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(FILES)
def test_repairs_are_made_once_and_repair(text: str) -> None:
    path = Path("/nowhere/Dockerfile")
    with Checker(CheckOptions(), now=NOW) as checker:
        for _ in range(4):
            looked = checker.look(Target(path=path, shown="Dockerfile", kind="dockerfile", text=text))
            repairs = edits_of(looked)
            if not repairs:
                return
            before = len(looked.result.findings)
            rule, edits = repairs[0]
            mended = apply_edits(text, edits)
            again = checker.look(Target(path=path, shown="Dockerfile", kind="dockerfile", text=mended))
            assert len([one for one in again.result.findings if one.rule == rule]) < len(
                [one for one in looked.result.findings if one.rule == rule]
            )
            assert len(again.result.findings) <= before
            kept, changed = parse_dockerfile(text), parse_dockerfile(mended)
            assert len(kept.instructions) == len(changed.instructions)
            differing = [
                (old, new) for old, new in zip(kept.parts, changed.parts, strict=True) if old.text != new.text
            ]
            assert len(differing) == 1
            assert (differing[0][0].keyword, differing[0][0].kind) == (
                differing[0][1].keyword,
                differing[0][1].kind,
            )
            text = mended
