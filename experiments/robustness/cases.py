"""What is tried: cases of every kind, each a function of its own random generator.

A case names the files it needs and the arguments; nothing is written or run here.
"""

import json
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

import damage
import options as option_table

# What refuses: 1 the run failed, 2 the command line, 3 an input, 4 something missing here.
ANY = {1, 2, 3, 4}

SPECIAL_INPUTS = ["/dev/zero", "/dev/null", "/dev/full", "/dev/random", "/dev/stdin", "/dev/tty",
                  "/proc/self/mem", "/proc/self/pagemap", "/proc/kmsg", "FIFO", "SOCKET", "FOLDER",
                  "DANGLING", "LOOP", "MISSING", "UNREADABLE", "EMPTY", "", "LONG", "NEWLINE",
                  "EXECUTABLE"]
SPECIAL_OUTPUTS = ["/dev/zero", "/dev/null", "/dev/full", "/dev/random", "/proc/self/mem",
                   "/proc/version", "FIFO", "SOCKET", "FOLDER", "DANGLING", "LOOP", "MISSING/a",
                   "EMPTY/a", "READONLY", "", "LONG", "NEWLINE", "/"]


@dataclass
class Case:
    kind: str
    words: list[str]
    files: dict[str, bytes] = field(default_factory=dict)
    stdin: bytes = b""
    stdout: str = "pipe"  # or closed, full, broken
    stderr: str = "pipe"
    limits: dict[str, int] = field(default_factory=dict)  # of setrlimit(2): {"FSIZE": 1000}
    refusals: set[int] = field(default_factory=lambda: ANY)
    logger: bytes = b""  # lines that grow the file "power.csv", over and over, {now} in them
    may_take_long: bool = False


@dataclass
class Reader:
    name: str
    file: str  # one of the whole files, all of which stand beside the damaged one
    damages: list
    commands: list[list[str]]  # with FILE for the damaged file


SMALL = ["dffr:layers=1,width=4", "--machine", "zen3"]
STOP_SOON = ["--time-limit", "0.1", "--relative-error", "100"]
TRAIN_SOON = ["dffr:layers=1,width=4", "--data", "mnist", "--epochs", "1"]

READERS = [
    Reader("graph", "graph.json", damage.JSON,
           [["networks", "FILE"], ["estimate", "FILE", "--machine", "zen3"],
            ["measure", "FILE", "--meter", "none", *STOP_SOON]]),
    Reader("network", "chain.json", damage.JSON,
           [["networks", "FILE"], ["estimate", "FILE", "--machine", "zen3"],
            ["estimate", "FILE", "--machine", "zen3", "--phase", "training"],
            ["train", "FILE", "--epochs", "1", "--data", "mnist", "--path", "idx"]]),
    Reader("machine", "machine.json", damage.JSON,
           [["machines", "FILE"], ["estimate", SMALL[0], "--machine", "FILE"],
            ["estimate", SMALL[0], "--machine", "FILE", "--phase", "training", "--by", "tensor"]]),
    Reader("calibrated machine", "calibrated.json", damage.JSON,
           [["machines", "FILE"], ["estimate", SMALL[0], "--machine", "FILE", "--steady"],
            ["calibrate", "readings.csv", "--machine", "FILE"]]),
    Reader("search", "search.json", damage.JSON,
           [["search", "FILE", "--trials", "2", "--study", "new.study"]]),
    Reader("ask-tell space", "space.json", damage.JSON, [["ask-tell", "FILE"]]),
    Reader("readings", "readings.csv", damage.CSV,
           [["calibrate", "FILE", "--machine", "xeon_x5650"],
            ["calibrate", "FILE", "--machine", "xeon_x5650", "--terms", "time,operations"],
            ["calibrate", "FILE", "--machine", "xeon_x5650", "--weights", "relative",
             "--write-machine", "new.json"]]),
    Reader("SoC Watch", "socwatch.csv", damage.CSV,
           [["measure", SMALL[0], "--meter", "socwatch:FILE", "--no-idle", *STOP_SOON]]),
    Reader("weights", "weights.safetensors", damage.BYTES + [damage.json_value],
           [["train", SMALL[0], "--weights", "FILE", "--epochs", "0", "--data", "mnist", "--path",
             "idx"]]),
    Reader("readings appended to", "readings.csv", damage.CSV,
           [["measure", SMALL[0], "--meter", "log:power.csv", "--readings", "FILE", "--no-idle",
             *STOP_SOON]]),
]

LOG = b"unix_s,power_w\n" + b"".join(b"{now-%d},40\n" % (9 - i) for i in range(9))

IDX = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
       "t10k-labels-idx1-ubyte"]

# One cheap run of every command, to which an option or a place of output is added. A command that
# is not here is run with the network alone.
BASES = {
    "ask-tell": ["ask-tell", "space.json"],
    "calibrate": ["calibrate", "readings.csv", "--machine", "xeon_x5650"],
    "data": ["data", "digits", "--train", "20", "--validation", "10", "--test", "10"],
    "doctor": ["doctor"],
    "estimate": ["estimate", *SMALL],
    "machines": ["machines", "zen3"],
    "measure": ["measure", SMALL[0], "--meter", "none", *STOP_SOON],
    "networks": ["networks", "lenet5"],
    "search": ["search", "search.json", "--trials", "2", "--study", "new.study"],
    "study": ["study", "whole.study"],
    "train": ["train", *TRAIN_SOON, "--path", "idx"],
}


class Cases:
    def __init__(self, program: str, whole: dict[str, bytes]):
        self.whole = whole
        self.commands = option_table.commands(program)
        self.options = {c: option_table.options(program, c) for c in self.commands}
        self.makers = [self.damaged, self.damaged, self.damaged, self.study, self.study,
                       self.data_set, self.ask_tell, self.power_log, self.counters, self.operator,
                       self.special_input, self.special_output, self.option_value,
                       self.option_value, self.option_value, self.option_value,
                       self.option_value, self.options_together, self.streams,
                       self.limited]

    def make(self, draw: random.Random, number: int, scratch: Path) -> Case:
        return self.makers[number % len(self.makers)](draw, scratch)

    def base(self, command: str) -> list[str]:
        return list(BASES.get(command, [command, SMALL[0]]))

    # Damaged files.

    def damaged(self, draw, _) -> Case:
        reader = draw.choice(READERS)
        data = self.whole[reader.file]
        for _ in range(draw.choice([1, 1, 1, 2])):
            try:
                data = draw.choice(reader.damages)(draw, data)
            except (ValueError, IndexError, RecursionError):
                pass  # it is no JSON any more
        words = [w.replace("FILE", reader.file) for w in draw.choice(reader.commands)]
        case = Case(f"damaged {reader.name}", words, {reader.file: data}, refusals={1, 3})
        if "log:power.csv" in words:
            case.files["power.csv"], case.logger = LOG, b"{now},40\n"
        # A report that is whole but of another time is waited for.
        case.may_take_long = reader.name in ("SoC Watch", "readings appended to")
        return case

    def study(self, draw, scratch) -> Case:
        data = self.whole["whole.study"]
        how = draw.choice(["bytes", "columns", "columns", "columns"])
        for _ in range(draw.choice([1, 1, 2])):
            try:
                data = (draw.choice(damage.BYTES)(draw, data) if how == "bytes"
                        else damage.sqlite_column(draw, data, scratch / "scratch.study"))
            except Exception:  # pylint: disable=broad-except
                break  # damaged beyond what Python's SQLite reads
        words = draw.choice([["study", "a.study"], ["study", "a.study", "--trials"],
                             ["study", "a.study", "--format", draw.choice(["json", "csv"])],
                             ["study", "a.study", "--best", "new.json"],
                             ["search", "search.json", "--study", "a.study", "--resume",
                              "--trials", "6"]])
        return Case(f"damaged study ({how})", words, {"a.study": data}, refusals={3})

    def data_set(self, draw, _) -> Case:
        name = draw.choice(IDX)
        data = draw.choice(damage.BYTES + [damage.packed])(draw, self.whole["idx/" + name])
        suffix = ".gz" if data[:2] == b"\x1f\x8b" else ""
        words = draw.choice([["data", "mnist", "--path", "idx"],
                             ["train", *TRAIN_SOON, "--path", "idx"]])
        files = {"idx/" + name: data} if not suffix else {"idx/" + name: None,
                                                          "idx/" + name + suffix: data}
        return Case("damaged images", words, files, refusals={3})

    def ask_tell(self, draw, _) -> Case:
        lines = [b'{"trial": %d, "value": %g}' % (i, draw.random()) for i in range(6)]
        lines[1] = b'{"trial": 1, "state": "failed"}'
        for _ in range(draw.choice([1, 2, 3])):
            i = draw.randrange(len(lines))
            lines[i] = draw.choice(damage.JSON)(draw, b'{"trial": %d, "value": 1.5}' % i)
        words = ["ask-tell", "space.json"] + draw.choice([[], ["--parallel", "3"]])
        return Case("ask-tell lines", words, {}, stdin=b"\n".join(lines) + b"\n")

    def power_log(self, draw, _) -> Case:
        header = draw.choice([b"unix_s,power_w", b"time,power_mw", b"unix_s,power_w,note"])
        rows = draw.choice([b"{now},40", b"{now},4e4,ok", b"{clock},40000"])
        text = header + b"\n" + b"".join(b"%s\n" % rows.replace(b"{now}", b"{now-%d}" % (9 - i))
                                         for i in range(9))
        if draw.random() < 0.5:
            text = draw.choice(damage.CSV)(draw, text)
        else:
            rows = draw.choice(damage.CSV)(draw, rows)
        return Case("power log", ["measure", SMALL[0], "--meter", "log:power.csv", *STOP_SOON],
                    {"power.csv": text}, logger=rows + b"\n", may_take_long=True)

    def operator(self, draw, _) -> Case:
        """Who reads a manual meter and types."""
        answers = [draw.choice([b"", b"1.5", b"%.2f" % draw.uniform(0, 9), b"1,5",
                                draw.choice(damage.NUMBERS).encode(),
                                draw.choice(damage.CONTROLS + damage.WORDS).encode()])
                   for _ in range(12)]
        return Case("manual meter", ["measure", SMALL[0], "--meter", "manual", *STOP_SOON],
                    stdin=b"\n".join(answers), may_take_long=True)

    def counters(self, draw, _) -> Case:
        """The files that a kernel's counters of energy are read from."""
        meter = draw.choice(["rapl", "ina3221"])
        zone = "sys/class/powercap/intel-rapl:0/"
        rail = "sys/class/hwmon/hwmon0/"
        files = {zone + "name": b"package-0\n", zone + "energy_uj": b"123456\n",
                 zone + "max_energy_range_uj": b"262143328850\n"} if meter == "rapl" else {
                     rail + "name": b"ina3221\n", rail + "in1_label": b"VDD_IN\n",
                     rail + "in1_input": b"5000\n", rail + "curr1_input": b"900\n",
                     rail + "in1_enable": b"1\n", rail + "update_interval": b"35\n"}
        name = draw.choice(list(files))
        files[name] = draw.choice(damage.TEXT + [lambda d, _: d.choice(damage.NUMBERS).encode(),
                                                 lambda d, _: d.choice(damage.CONTROLS).encode(
                                                     "utf-8", "surrogatepass")])(draw, files[name])
        return Case("counters", ["measure", SMALL[0], "--meter", meter, "--sysfs", "sys",
                                 *STOP_SOON], files)

    # Special files.

    def special_input(self, draw, _) -> Case:
        special = draw.choice(SPECIAL_INPUTS)
        reader = draw.choice(READERS)
        words = [w.replace("FILE", special) for w in draw.choice(reader.commands)]
        if reader.name == "ask-tell space" and draw.random() < 0.5:
            words = ["ask-tell", special]
        elif draw.random() < 0.3:
            words = draw.choice([["study", special], ["data", "mnist", "--path", special],
                                 ["train", *TRAIN_SOON, "--path", special],
                                 ["measure", SMALL[0], "--meter", "log:" + special, *STOP_SOON],
                                 ["measure", SMALL[0], "--meter", "rapl", "--sysfs", special,
                                  *STOP_SOON]])
        return Case("special file read", words, may_take_long=re.search("(log|socwatch):", " ".join(words)) is not None)

    def special_output(self, draw, _) -> Case:
        places = [(command, option) for command in self.commands
                  for option in self.options[command] if option.is_output]
        command, option = draw.choice(places)
        words = self.base(command)
        if option.flag in words:
            words[words.index(option.flag) + 1] = draw.choice(SPECIAL_OUTPUTS)
        else:
            words += [option.flag, draw.choice(SPECIAL_OUTPUTS)]
        return Case("special file written", words)

    # Options.

    def option_value(self, draw, _) -> Case:
        command = draw.choice(self.commands)
        option = draw.choice([o for o in self.options[command] if o.flag != "--help"])
        words = self.base(command)
        if not option.takes:
            words.append(draw.choice([option.flag, option.flag + "=1", option.flag + "="]))
        else:
            value = draw.choice(option_table.values_of(option, damage.NUMBERS,
                                                       damage.WORDS + damage.CONTROLS))
            value = value.replace("\0", "")  # no argument can hold it
            words += draw.choice([[option.flag, value], [f"{option.flag}={value}"]])
        return Case(f"option of {command}", words, may_take_long=True)

    def options_together(self, draw, _) -> Case:
        command = draw.choice(self.commands)
        words = self.base(command)
        for option in draw.sample(self.options[command], min(4, len(self.options[command]))):
            words.append(option.flag)
            if option.takes:
                words.append(draw.choice(option.words or [option.low or "1", option.high or "2",
                                                          "1", "a"]))
        draw.shuffle(words[1:])
        return Case("options together", words, may_take_long=True)

    # What is around the program.

    def streams(self, draw, _) -> Case:
        command = draw.choice(self.commands)
        words = self.base(command) + draw.choice([[], ["--format", "json"], ["--help"]])
        if command == "ask-tell" or words[-1] == "--help":
            words = [w for w in words if w not in ("--format", "json")]
        case = Case("closed and full streams", words,
                    stdout=draw.choice(["pipe", "closed", "full", "broken"]),
                    stderr=draw.choice(["pipe", "pipe", "closed", "full", "broken"]))
        case.stdin = b'{"trial": 0, "value": 1}\n'
        return case

    def limited(self, draw, _) -> Case:
        command = draw.choice(self.commands)
        words = self.base(command)
        for option in self.options[command]:
            if option.is_output and option.flag not in words and draw.random() < 0.5:
                words += [option.flag, "new" + option.flag.strip("-")]
        limits = draw.choice([{"FSIZE": draw.choice([0, 1, 100, 5000, 20000])},
                              {"NOFILE": draw.choice([4, 5, 6, 8, 12])}])
        return Case(f"limit of {next(iter(limits))}", words, limits=limits)


def space() -> bytes:
    return json.dumps({"space": {"layers": {"int": [1, 3]},
                                 "width": {"int": [1, 64], "log": True, "per": "layers"},
                                 "rate": {"float": [1e-4, 0.1], "log": True},
                                 "kind": {"choice": ["a", 2, True]},
                                 "depth": {"int": [2, 8], "step": 2, "when": {"kind": "a"}}},
                       "sampler": {"kind": "tpe"}, "seed": 4}).encode()
