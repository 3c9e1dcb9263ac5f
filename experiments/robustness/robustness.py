#!/usr/bin/env python3
"""Tries hostile input on every reader and every option of the program, and counts what comes of it.

    robustness.py PROGRAM [--seed N] [--seconds S | --cases N] [--jobs N] [--limit SECONDS]
    robustness.py PROGRAM --seed N --only NUMBER      one case again, its folder kept

A case is a function of the seed and its number. It runs in a folder of its own, with a limit of
time and, unless the program is built with AddressSanitizer (which has one of its own), of memory.

refused   ended with a documented status (1 to 4) and one line on standard error
accepted  ended with 0
working   was still at what a legal option asked for, and ended when interrupted
else      anything else: a finding
"""

import argparse
import collections
import concurrent.futures
import itertools
import json
import os
import random
import re
import resource
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from cases import Case, Cases, space

FOLDER = Path(__file__).resolve().parent
SECONDS_TO_END = 10
MEMORY_BYTES = 4 << 30
REPORTS = (b"Sanitizer", b"runtime error:", b"internal check failed", b"terminate called",
           b"unexpected:", b"Assertion", b"CHECK")


class Program:
    def __init__(self, path: str, work: Path, limit_s: float):
        self.limit_s = limit_s
        self.path = os.path.abspath(path)
        self.work = work
        self.sanitized = b"__asan_init" in Path(path).read_bytes()
        self.whole = self.make_whole_files()
        self.cases = Cases(self.path, self.whole)

    def run(self, *words: str) -> None:
        result = subprocess.run([self.path, *words], cwd=self.work / "whole", check=False,
                                capture_output=True, text=True, timeout=300)
        if result.returncode != 0:
            sys.exit(f"{shlex.join(words)}: {result.stderr}")

    def make_whole_files(self) -> dict[str, bytes]:
        folder = self.work / "whole"
        shutil.copytree(FOLDER / "whole", folder)
        (folder / "space.json").write_bytes(space())
        self.run("machines", "zen3", "--format", "json", "--output", "machine.json")
        self.run("calibrate", "readings.csv", "--machine", "xeon_x5650", "--write-machine",
                 "calibrated.json")
        self.run("search", "search.json", "--study", "whole.study", "--best", "best.json")
        self.run("data", "digits", "--train", "40", "--validation", "10", "--test", "20",
                 "--write", "idx")
        self.run("train", "dffr:layers=1,width=4", "--epochs", "1", "--weights",
                 "weights.safetensors")
        return {str(path.relative_to(folder)): path.read_bytes()
                for path in folder.rglob("*") if path.is_file()}


def make_special(folder: Path) -> None:
    os.mkfifo(folder / "FIFO")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(".", os.O_RDONLY)
        listener.bind(os.path.relpath(folder / "SOCKET"))
        os.close(here)
    (folder / "FOLDER").mkdir()
    (folder / "DANGLING").symlink_to("nowhere/at/all")
    (folder / "LOOP").symlink_to("LOOP")
    (folder / "EMPTY").write_bytes(b"")
    (folder / "UNREADABLE").write_bytes(b"{}")
    (folder / "UNREADABLE").chmod(0)
    (folder / "READONLY").write_bytes(b"")
    (folder / "READONLY").chmod(0o400)
    shutil.copy("/bin/true", folder / "EXECUTABLE")


def write_files(program: Program, case: Case, folder: Path) -> None:
    for name, data in {**program.whole, **case.files}.items():
        if data is None or (name in program.whole and case.files.get(name, b"") is None):
            continue
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(with_times(data) if case.logger else data)
    make_special(folder)
    (folder / "tmp").mkdir()


def with_times(data: bytes) -> bytes:
    now = time.time()
    data = re.sub(rb"\{now-(\d+)\}", lambda m: b"%.3f" % (now - int(m[1])), data)
    clock = time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime(now)).encode()
    return data.replace(b"{now}", b"%.3f" % now).replace(b"{clock}", clock)


def grow(path: Path, line: bytes, ended: threading.Event) -> None:
    while not ended.wait(0.1):
        with open(path, "ab") as log:
            log.write(with_times(line))


def arguments(case: Case) -> list[str]:
    long_name, newline = "a" * 5000, "a\nb\x1b[31m"
    return [w.replace("LONG", long_name).replace("NEWLINE", newline) for w in case.words]


def environment(program: Program, folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder / "tmp"), "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "ASAN_OPTIONS": f"hard_rss_limit_mb={MEMORY_BYTES >> 20}:detect_leaks=0",
            "UBSAN_OPTIONS": "print_stacktrace=1"}


def prepare(program: Program, case: Case):
    """What the child does before it becomes the program."""
    limits = dict(case.limits)
    if program.sanitized:
        limits.pop("NOFILE", None)  # UBSan itself asks for a pipe, and reports what is none
    else:
        limits["AS"] = MEMORY_BYTES
    limits["CORE"] = 0

    def apply():
        for number in (signal.SIGPIPE, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        for number, how in ((1, case.stdout), (2, case.stderr)):
            if how == "closed":
                os.close(number)
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, "RLIMIT_" + name), (value, value))
    return apply


def stream(how: str):
    if how == "full":
        return open("/dev/full", "wb")
    if how == "broken":
        reading, writing = os.pipe()
        os.close(reading)
        return os.fdopen(writing, "wb")
    return subprocess.PIPE


class Result:
    def __init__(self):
        self.status, self.out, self.error = None, b"", b""
        self.interrupted = False
        self.left = []


def run_case(program: Program, case: Case, folder: Path) -> Result:
    write_files(program, case, folder)
    result, ended = Result(), threading.Event()
    child = subprocess.Popen([program.path, *arguments(case)], cwd=folder,
                             stdin=subprocess.PIPE, stdout=stream(case.stdout),
                             stderr=stream(case.stderr), start_new_session=True,
                             preexec_fn=prepare(program, case),
                             env=environment(program, folder))
    if case.logger:
        threading.Thread(target=grow, args=(folder / "power.csv", case.logger, ended)).start()
    try:
        result.out, result.error = communicate(child, case.stdin, program.limit_s)
    except subprocess.TimeoutExpired:
        result.interrupted = True
        child.send_signal(signal.SIGINT)
        try:
            result.out, result.error = communicate(child, None, SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            result.out, result.error = child.communicate()
    ended.set()
    result.status = child.returncode
    result.left = [p.name for p in itertools.chain(
        (folder / "tmp").glob("wattgrind*"), folder.glob("**/*.tmp"))]
    return result


def communicate(child, stdin: bytes | None, seconds: float):
    out, error = child.communicate(stdin, timeout=seconds)
    return out or b"", error or b""


def has_raw_controls(text: bytes) -> bool:
    if any(byte < 0x20 and byte != 0x0A or byte == 0x7F for byte in text):
        return True
    try:
        return any("\x80" <= c <= "\x9f" or c in "\u202e\u2028\u200e"
                   for c in text.decode("utf-8"))
    except UnicodeDecodeError:
        return True


def judge(case: Case, result: Result) -> tuple[str, str]:
    """The class of a result, and of findings why."""
    if any(report in result.error for report in REPORTS):
        return "else", "report"
    if result.interrupted:
        if case.may_take_long and result.status in (130, -signal.SIGINT):
            return "working", ""
        return "else", f"time (then status {result.status})"
    if result.status < 0:
        return "else", f"signal {-result.status}"
    if result.left:
        return "else", f"left {', '.join(result.left)}"
    if has_raw_controls(result.error) or has_raw_controls(result.out):
        return "else", "control characters"
    lost = case.stdout != "pipe" and case.kind.startswith("closed")
    if result.status == 0:
        return ("else", "result lost, status 0") if lost else accepted(case, result)
    if result.status not in case.refusals:
        return "else", f"status {result.status}, wanted {sorted(case.refusals)}"
    lines = result.error.decode("utf-8", "replace").splitlines()
    ours = [line for line in lines if line.startswith("wattgrind: ")]
    # ask-tell has a line for each line that was wrong, and measure warnings, before the last one.
    most = len(ours) if case.words[0] in ("ask-tell", "measure") else 1
    if case.stderr == "pipe" and not (1 <= len(ours) <= most and lines[-1] == ours[-1]):
        return "else", f"{len(ours)} lines"
    if ours and len(ours[0]) > 2500:
        return "else", "a line of over 2,500 characters"
    return "refused", ""


def accepted(case: Case, result: Result) -> tuple[str, str]:
    """Lines of JSON are JSON."""
    as_json = "json" in case.words and not {"--output", "-o", "--help", "-h"} & set(case.words)
    texts = [result.out] if as_json else \
        result.out.splitlines() if case.kind == "ask-tell lines" else []
    for text in texts:
        try:
            json.loads(text)
        except ValueError:
            return "else", "no JSON"
    return "accepted", ""


def try_case(program: Program, seed: int, number: int, keep: bool = False):
    folder = Path(tempfile.mkdtemp(prefix=f"{number}.", dir=program.work))
    case = program.cases.make(random.Random(f"{seed}:{number}"), number, folder)
    result = run_case(program, case, folder)
    verdict, why = judge(case, result)
    if not keep and verdict != "else":
        shutil.rmtree(folder, ignore_errors=True)
    return number, case, result, verdict, why, folder


def print_finding(program: Program, seed: int, finding):
    number, case, result, _, why, folder = finding
    told = next((line for line in result.error.splitlines()
                 if any(report in line for report in REPORTS)),
                (result.error.splitlines() or [b""])[-1])
    print(f"\n{number}: {case.kind}: {why}: {shlex.join(case.words)[:300]!r}"
          f" stdout {case.stdout} stderr {case.stderr} {case.limits or ''}\n"
          f"    {told[:400]!r}\n    in {folder}\n"
          f"    again: {sys.argv[0]} {program.path} --seed {seed} --only {number}", flush=True)


def numbers(options):
    end = time.monotonic() + options.seconds
    for number in itertools.count():
        if (options.cases and number >= options.cases) or \
                (not options.cases and time.monotonic() >= end):
            return
        yield number


def try_all(program: Program, options) -> collections.Counter:
    counts = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        source, running = numbers(options), set()
        while True:
            for number in itertools.islice(source, 2 * options.jobs - len(running)):
                running.add(pool.submit(try_case, program, options.seed, number))
            if not running:
                return counts
            done, running = concurrent.futures.wait(
                running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                _, case, _, verdict, _, _ = future.result()
                counts[case.kind, verdict] += 1
                if verdict == "else":
                    print_finding(program, options.seed, future.result())


def print_table(counts: collections.Counter) -> None:
    verdicts = ["accepted", "refused", "working", "else"]
    print(f"\n{'kind':28}{'tried':>8}" + "".join(f"{v:>10}" for v in verdicts))
    kinds = sorted({kind for kind, _ in counts})
    for kind in kinds + ["all"]:
        row = [sum(n for (k, v), n in counts.items() if v == verdict and kind in (k, "all"))
               for verdict in verdicts]
        print(f"{kind:28}{sum(row):8,}" + "".join(f"{n:10,}" for n in row))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--cases", type=int)
    parser.add_argument("--limit", type=float, default=20, help="seconds for each case")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="robustness."))
    program = Program(options.program, work, options.limit)
    if options.only is not None:
        number, case, result, verdict, why, folder = try_case(program, options.seed, options.only,
                                                              keep=True)
        print(f"{number}: {case.kind}: {verdict} {why}, status {result.status}\n"
              f"cd {folder} && {shlex.join([program.path, *arguments(case)])}")
        sys.stdout.flush()
        sys.stdout.buffer.write(result.out[-2000:] + result.error[-4000:])
        return 0
    counts = try_all(program, options)
    print_table(counts)
    if any(verdict == "else" for _, verdict in counts):
        return 1
    shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
