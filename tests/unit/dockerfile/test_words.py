"""Scripts as words: what a shell would execute, read without a shell."""

from __future__ import annotations

from functools import partial

import pytest

from basewise.dockerfile.parse import parse_dockerfile
from basewise.dockerfile.scripts import scripts_of, triggered
from basewise.dockerfile.shell import call_of
from basewise.dockerfile.words import MAX_SCRIPT_CHARACTERS, read_commands
from basewise.testing.work import assert_linear


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("a b && c || d; e | f & g", [["a", "b"], ["c"], ["d"], ["e"], ["f"], ["g"]]),
        ("a 'b c' \"d $e\" f\\ g", [["a", "b c", "d $e", "f g"]]),
        ("(a; b) && { c; }", [["a"], ["b"], ["c"]]),
        ("a > /dev/null 2>&1 < b >> c &> d", [["a"]]),
        ("a <(b c) <<< word", [["a"]]),
        ("a # comment && b\nc#d", [["a"], ["c#d"]]),
        ("a $(b && c) `d; e` ${f:-g h}", [["a", "$(b && c)", "`d; e`", "${f:-g h}"]]),
        ('a "$(b "c)" d)" e', [["a", '$(b "c)" d)', "e"]]),
        ("a \\\n  b\nc", [["a", "b"], ["c"]]),
        ("cat <<EOF\nx 'y\nEOF\na", [["cat"], ["a"]]),
        ("cat <<-'E F' > z\n\tx\n\tE F\na", [["cat"], ["a"]]),
        ("if a; then b; else c; fi", [["if", "a"], ["then", "b"], ["else", "c"], ["fi"]]),
        ("case $x in a) b;; esac", [["case", "$x", "in", "a"], ["b"], ["esac"]]),
        ("A=1 B='2 3' c", [["A=1", "B=2 3", "c"]]),
        ('"a\\"b\\c\\$"', [['a"b\\c$']]),
        ("find . -exec rm {} \\;", [["find", ".", "-exec", "rm", "{}", ";"]]),
        ("a\u00a0b\x0bc", [["a\u00a0b\x0bc"]]),
        ("", []),
        (" \n\n ; ", []),
    ],
)
def test_commands_are_words(script: str, commands: list[list[str]]) -> None:
    read = read_commands(script)
    assert [list(command.texts) for command in read.found] == commands
    assert read.complete


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("a; b 'c", [["a"]]),
        ('a; b "c', [["a"]]),
        ("a; b `c", [["a"]]),
        ("a; b $(c", [["a"]]),
        ("a; cat <<EOF\nx", [["a"]]),
        ("a " * (MAX_SCRIPT_CHARACTERS // 2 + 1), []),
        ('"$(' * 1000, []),
        ("$(" * 1000 + ")" * 1000, []),
    ],
)
def test_what_does_not_parse_is_said(script: str, commands: list[list[str]]) -> None:
    read = read_commands(script)
    assert [list(command.texts) for command in read.found] == commands
    assert not read.complete


@pytest.mark.parametrize(
    "piece",
    ["'\"", "$", "<<a ", "a <<a\na\n", "a;", "\\", "a\\\n", "$(a) ", '"$(b "c)" d)" ', "${a:-", "'", "`"],
)
def test_no_script_takes_quadratic_work(piece: str) -> None:
    assert_linear(lambda size: partial(read_commands, piece * size + "\n"), 300)


def test_words_say_whether_only_a_shell_could_tell_them() -> None:
    (command,) = read_commands("a '$b' \"$c\" d* [e] '*' \\$f").found
    assert [word.literal for word in command.words] == [True, True, False, False, False, True, True]


def test_operators_stand_between_commands() -> None:
    found = read_commands("a && b | c\nd").found
    assert [(command.before, command.after) for command in found] == [
        ("", "&&"), ("&&", "|"), ("|", "\n"), ("\n", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("script", "program", "verb", "options", "operands"),
    [
        ("sudo -E /usr/bin/apt-get -y install a b", "apt-get", "install", ["-y"], ["a", "b"]),
        ("A=1 env -i B=2 apk add -t .x a", "apk", "add", ["-t", ".x"], ["a"]),
        ("then pip install --user x", "pip", None, ["--user"], ["install", "x"]),
        ("! test -f x", "test", None, ["-f"], ["x"]),
    ],
)
def test_a_command_is_program_options_and_operands(
    script: str, program: str, verb: str | None, options: list[str], operands: list[str]
) -> None:
    call = call_of(read_commands(script).found[0])
    assert call is not None
    assert (call.program, call.verb.text if call.verb else None) == (program, verb)
    assert [word.text for word in call.options] == options
    assert [word.text for word in call.operands] == operands


def test_an_assignment_alone_calls_nothing() -> None:
    assert call_of(read_commands("A=1").found[0]) is None


def test_what_onbuild_carries_is_an_instruction_in_its_place() -> None:
    text = "FROM x\nONBUILD  run --mount=type=ssh apt-get \\\n  install a\n"
    part = parse_dockerfile(text).instructions[1]
    run = triggered(part)
    assert (run.keyword, run.flags) == ("RUN", ("--mount=type=ssh",))
    (script,) = scripts_of(part)
    span = script.span(script.commands[0].words[1].start, script.commands[0].words[1].end)
    assert span is not None
    assert text[slice(*span)] == "install"
    assert script.line_of(script.commands[0].words[1].start) == 3
