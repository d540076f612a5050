"""Help, wrong usage, and what the program imports before it knows the command."""

import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from tests.support import programs
from tests.support.programs import PROGRAM, complaint_of
from tongdai import __version__
from tongdai.cli import COMMANDS, main, program


def every_command(command: click.Command = program, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from every_command(found, (*path, name))


@pytest.mark.parametrize("path", list(every_command()), ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_of_every_command_has_an_example(path: tuple[str, ...], option: str) -> None:
    answer = CliRunner().invoke(program, [*path, option], prog_name="tongdai")
    assert answer.exit_code == 0
    before = r"((KEY|CAMPAIGN|AGENT|LIST)=\$\()?"
    assert re.search(rf"Examples?:\n +{before}{' '.join(('tongdai', *path))}", answer.output)
    assert max(map(len, answer.output.splitlines())) <= 100
    assert not [line for line in answer.output.splitlines() if line.startswith("  ") and line.endswith("...")]


def test_every_option_says_what_it_is() -> None:
    for path in every_command():
        context = click.Context(program)
        command: click.Command | None = program
        for name in path:
            assert isinstance(command, click.Group)
            command = command.get_command(context, name)
        assert command is not None
        assert all(option.help for option in command.params if isinstance(option, click.Option))


def test_list_of_commands_says_what_their_own_help_begins_with() -> None:
    for name, (_, summary) in COMMANDS.items():
        command = program.get_command(click.Context(program), name)
        assert command is not None
        assert (command.help or "").startswith(summary)


def test_showing_the_commands_imports_none_of_them() -> None:
    script = """
import sys
from tongdai.cli import main
try:
    main()
except SystemExit:
    heavy = {"asyncpg", "uvicorn", "phonenumbers", "rich", "msgspec", "asyncio"} & sys.modules.keys()
    print(sorted(heavy), file=sys.stderr)
"""
    for args in (["--help"], ["version"]):
        process = subprocess.run([sys.executable, "-c", script, *args], capture_output=True, text=True, check=True)
        assert process.stderr == "[]\n"


def test_help_of_the_server_does_not_import_it() -> None:
    script = "import sys, tongdai.cli.commands.serve; print({'asyncpg', 'uvicorn'} & sys.modules.keys())"
    assert (
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout == "set()\n"
    )


def test_version_and_the_module_itself() -> None:
    for asked in ("version", "--version"):
        process = subprocess.run([PROGRAM, asked], check=True, capture_output=True, text=True)
        assert process.stdout == f"{__version__}\n"
    module = [sys.executable, "-m", "tongdai.cli", "version"]
    assert subprocess.run(module, check=True, capture_output=True, text=True).stdout == f"{__version__}\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("conquer", "No such command 'conquer'"),
        ("version --loud", "No such option '--loud'"),
        ("serve --only api", "needs an external database"),
        ("demo --only engine", "needs an external database"),
        ("demo --asterisk ws://127.0.0.1:8088 --asterisk-password x --trunk a", "may be real people's"),
        ("serve --only everything", "'everything' is not one of"),
        ("serve --port eighty", "'eighty' is not a valid integer"),
        ("tenant create 5", "Missing option '--name'"),
        ("tenant create --name x -- -5", "'-5' is no id"),
        ("tenant create 1234567890123456789 --name x", "1 to 18 digits"),
        ("tenant create 0 --name x", "'0' is no id"),
        ("tenant create 5 --name x --country Vietnam", "'Vietnam' is no country"),
        ("tenant limits 5 --tenant-limit 0", "0 is not in the range"),
        ("tenant limits 5 --tenant-limit 1 --default", "--default clears both"),
        ("key create --scopes queue", "either --tenant ID or --platform"),
        ("key create --scopes queue --tenant 5 --platform", "either --tenant ID or --platform"),
        ("key create --tenant 5 --scopes queue,root", "'root' is no scope: expected campaign, queue, agent"),
        ("key create --tenant 5 --scopes ,", "',' is no scope"),
        ("key create --tenant 5 --scopes queue --expires-in 1y", "'1y' is no duration: expected 90s, 15m, 24h or 30d"),
        ("key create --tenant 5 --scopes queue --expires-in 0d", "never holds"),
        ("key list --tenant 5 --platform", "not both"),
        ("key rotate 1 --overlap 999999999d", "at most 100 years"),
        ("campaign create --tenant 5 --name x --type auto", "a letter first"),
        ("queue create --tenant 5 --name x --number +84", "1 to 32 digits"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(args: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, check=lambda ended: ended.code == 2):
        main(args.split())
    output = capsys.readouterr()
    assert output.out == ""
    assert said in output.err
    assert re.fullmatch(r"tongdai: .+ See: tongdai[a-z ]* --help\n", output.err)


def test_wrong_usage_of_the_process() -> None:
    complaint_of(programs.run("key", "create"), 2)


def test_a_group_alone_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, check=lambda ended: ended.code == 2):
        main(["key"])
    assert "rotate" in capsys.readouterr().err
