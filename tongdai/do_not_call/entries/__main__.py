"""A reader's process: standard input is a file of do-not-call numbers; standard output gets frames."""

import sys

import msgspec

from tongdai.do_not_call.entries.read import Task, read
from tongdai.files import process
from tongdai.files.frames import write_all

CHECKED, DETECTED = b"C", b"D"
"""Some rows as msgpack; then, in JSON, what was read as what."""


def main() -> None:
    task = msgspec.json.decode(sys.argv[1], type=Task)
    out = sys.stdout.buffer
    with process.reading(task.limits, task.parent, out):
        write_all(out, read(sys.stdin.buffer, task), CHECKED, DETECTED)


if __name__ == "__main__":
    main()
