"""Where the program and the data are, and the program run as its users run it."""
import csv
import io
import json
import os
import pathlib
import subprocess
import sys

SOURCES = pathlib.Path(__file__).resolve().parents[2]
TIMEOUT_S = 900

AGREES, DIFFERS, REFUSED = 0, 1, 3  # exit statuses of `wattgrind run`


def skip(why):
    print(f"skipped: {why}")
    sys.exit(0)


def data_folder(name):
    """A folder of the data that is not part of the project: $WATTGRIND_DATA, or ../shared."""
    root = pathlib.Path(os.environ.get("WATTGRIND_DATA", SOURCES.parent / "shared"))
    for folder in (root / name, root / "data" / name):
        if folder.is_dir():
            return folder
    skip(f"no data: found no folder {name} in {root} nor in its data/")


def add_program_option(parser):
    parser.add_argument("--program", type=pathlib.Path, 
                        help="wattgrind (default: the one built here)")


def find_program(given):
    candidates = [given] if given else [SOURCES / build / "wattgrind"
                                        for build in ("build-release", "build")]
    found = [program for program in candidates if program.is_file()]
    if not found:
        sys.exit("no program: found none of " + ", ".join(map(str, candidates)) +
                 "; build it with ./dev build")
    return max(found, key=lambda program: program.stat().st_mtime)


class Program:
    """Calls of `wattgrind`; each gives a finished process, its output as text."""

    def __init__(self, path):
        self.path = path

    def call(self, *arguments):
        command = [str(self.path), *map(str, arguments)]
        try:
            return subprocess.run(command, capture_output=True, text=True, errors="replace",
                                  timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, -1, "", f"no end after {TIMEOUT_S} s")

    def run(self, network, inputs, checks, tolerance, *more):
        """Inputs and checks are (name, file); without a name the next one in order is meant."""
        arguments = ["run", network, "--format", "json", "--tolerance", repr(tolerance[0]),
                     "--absolute-tolerance", repr(tolerance[1])]
        for option, tensors in (("--input", inputs), ("--check", checks)):
            for name, file in tensors:
                arguments += [option, f"{name}={file}" if name else file]
        return self.call(*arguments, *more)

    def multiply_accumulates(self, network):
        done = self.call("networks", network, "--format", "csv")
        if done.returncode != 0:
            raise RuntimeError(message_of(done))
        return sum(int(row["macs"]) for row in csv.DictReader(io.StringIO(done.stdout)))


def message_of(done):
    """The last line of what a process said to the user; a signal by its number."""
    lines = done.stderr.strip().splitlines() or [f"ended with status {done.returncode} and no word"]
    return lines[-1].removeprefix("wattgrind: ")


def report_of(done):
    """What the process printed as JSON; empty where it printed none."""
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {}


def print_table(columns, rows):
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
