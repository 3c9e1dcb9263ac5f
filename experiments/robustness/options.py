"""The program's commands and options, as its own --help tells them."""

import re
import subprocess
from dataclasses import dataclass, field


@dataclass
class Option:
    flag: str  # "--epochs"; the longest of its names
    takes: str = ""  # what --help says of its value: "N:>=1", "FILE", "a|b"; empty for a flag
    words: list[str] = field(default_factory=list)  # where only these are taken
    low: str = ""  # the ends of its range, where there is one
    high: str = ""

    @property
    def is_output(self) -> bool:
        return self.flag in OUTPUTS


# What is written to. Whatever else takes a file or folder reads it.
OUTPUTS = {"--output", "--write-machine", "--plots", "--readings", "--study", "--best", "--keep",
           "--write", "--weights"}


def help_of(program: str, *command: str) -> str:
    return subprocess.run([program, *command, "--help"], capture_output=True, text=True,
                          timeout=60, check=True).stdout


def commands(program: str) -> list[str]:
    text = help_of(program).split("Subcommands:")[1]
    return re.findall(r"^  ([a-z][a-z-]*) ", text, re.MULTILINE)


def options(program: str, command: str) -> list[Option]:
    text = help_of(program, command)
    found = []
    for line in re.findall(r"^  (-\S+.*)$", text, re.MULTILINE):
        names, _, rest = line.partition(" ")
        flag = max(names.split(","), key=len)
        takes = rest.split("  ")[0].strip() if not rest.startswith("  ") else ""
        takes = takes.split(" Excludes:")[0]
        option = Option(flag, takes)
        kind = takes.split("=")[0].split(" ")[0]
        if re.fullmatch(r"[a-z0-9_]+(\|[a-z0-9_]+)+", kind):
            option.words = kind.split("|")
        if ranged := re.search(r":(-?[\d.e+-]+?)\.\.(-?[\d.e+-]+)", kind):
            option.low, option.high = ranged.groups()
        elif least := re.search(r":>=(-?\d+)", kind):
            option.low, option.high = least[1], "9223372036854775807"
        found.append(option)
    return found


def values_of(option: Option, numbers: list[str], words: list[str]) -> list[str]:
    """Values to try: the ends of the range and what is just beyond, extreme numbers, odd words."""
    values = list(option.words) + numbers + words
    for end in (option.low, option.high):
        if not end:
            continue
        values.append(end)
        if re.fullmatch(r"-?\d+", end):
            values += [str(int(end) - 1), str(int(end) + 1)]
        else:
            values += [str(float(end) * 0.999), str(float(end) * 1.001)]
    return values
