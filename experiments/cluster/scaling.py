#!/usr/bin/env python3
"""Where a study on one PostgreSQL saturates, from what trials cost here, up to 10,000 workers.

    /usr/bin/python3 experiments/cluster/scaling.py build-release/cluster [TRIALS]

Starts a PostgreSQL of its own, measures what a trial costs with 1, 4, 16 and 64 workers, holds a
model of queues to that, and then asks the model. As root or anybody; on a quiet machine.

The model is a closed network: each of W workers thinks (evaluates) for Z seconds and then stores
one trial and takes the next. That asks for
- processor time of the server, s0 + s1 W: a trial in flight is looked at by all, and each that ended
  is told to all;
- processor time of the worker, w0 + w1 W, on its own host, or here on the same cores;
- the lock under which proposals are made, for l seconds: a journey to the worker and the sampler;
- the disk, which is no queue: however many wait, one sync serves them.
It is solved by mean value analysis (Reiser and Lavenberg 1980), a station of c servers as one that
is c times as fast beside a delay (Seidmann et al. 1987).
"""
import os, pathlib, re, resource, subprocess, sys, tempfile, time

PROGRAM = os.path.abspath(sys.argv[1])
TRIALS = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
FEW = 300  # what starting costs is what so few trials cost
POSTGRES = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
AS_NOBODY = (["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
             if os.getuid() == 0 else [])
PORT = 54000 + os.getpid() % 1000
CORES = len(os.sched_getaffinity(0))
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
# Of the four journeys that a trial takes, what lies between the lock's being taken and let go.
LOCKED_SHARE = 1.5 / 4


def server(folder, *options):
    subprocess.run([*AS_NOBODY, POSTGRES / "pg_ctl", "-D", f"{folder}/d", "-l", f"{folder}/log", "-w",
                    "-o", " ".join([f"-k {folder} -h 127.0.0.1 -p {PORT} -N 200", *options]), "start"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return int(pathlib.Path(f"{folder}/d/postmaster.pid").read_text().split()[0])


def stop(folder):
    subprocess.run([*AS_NOBODY, POSTGRES / "pg_ctl", "-D", f"{folder}/d", "-m", "fast", "-w", "stop"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def children_s(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) * TICK_S


def machine_s():
    fields = list(map(int, pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]))
    return (sum(fields) - fields[3] - fields[4]) * TICK_S  # all but idle and waiting for a disk


def measure(postmaster, workers, trials):
    """Seconds, the server's and the workers' processor seconds, and other processes'."""
    study = f"postgresql://watt@127.0.0.1:{PORT}/postgres?study=s{time.time_ns()}"
    before = (children_s(postmaster), resource.getrusage(resource.RUSAGE_CHILDREN), machine_s())
    out = subprocess.run([PROGRAM, "speed", study, str(trials), str(workers), "random"], check=True,
                         capture_output=True, text=True).stdout
    time.sleep(0.5)  # until the server's processes are gone
    after = (children_s(postmaster), resource.getrusage(resource.RUSAGE_CHILDREN), machine_s())
    used = sum(getattr(after[1], f) - getattr(before[1], f) for f in ("ru_utime", "ru_stime"))
    served = after[0] - before[0]
    seconds = float(re.search(r": ([\d.]+) s,", out).group(1))
    return seconds, served, used, after[2] - before[2] - served - used


def costs(postmaster, workers):
    """What a trial costs: seconds, the server's and the worker's; and cores that others left."""
    few, many = measure(postmaster, workers, FEW), measure(postmaster, workers, FEW + TRIALS)
    each = [(b - a) / TRIALS for a, b in zip(few, many)]
    others = each[3] / each[0] if each[0] > 0 else 0
    return each[0], each[1], each[2], max(CORES - max(others, 0), 0.5)


def line(points):
    """Intercept and slope, the slope at least 0."""
    n, xs, ys = len(points), [p[0] for p in points], [p[1] for p in points]
    x, y = sum(xs) / n, sum(ys) / n
    slope = sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a in xs)
    slope = max(slope, 0)
    return y - slope * x, slope


def throughput(workers, think_s, stations):
    """Of a closed network; stations are (name, demand in s, servers). Also the busiest and its use."""
    delay_s = think_s + sum(d * (c - 1) / c for _, d, c in stations)
    queues = [0.0] * len(stations)
    rate = 0
    for n in range(1, workers + 1):
        waits = [d / c * (1 + q) for (_, d, c), q in zip(stations, queues)]
        rate = n / (delay_s + sum(waits))
        queues = [rate * w for w in waits]
    uses = [(rate * d / c, name) for name, d, c in stations]
    return rate, max(uses)


def main():
    folder = tempfile.mkdtemp(prefix="scaling", dir=".")
    folder = os.path.abspath(folder)
    if os.getuid() == 0:
        os.chown(folder, 65534, 65534)
    subprocess.run([*AS_NOBODY, POSTGRES / "initdb", "-D", f"{folder}/d", "-U", "watt",
                    "--auth=trust", "-E", "UTF8", "--locale=C"], check=True, stdout=subprocess.DEVNULL)
    postmaster = server(folder, "-F")
    unsynced_s = costs(postmaster, 1)[0]
    stop(folder)
    postmaster = server(folder)
    found = {workers: costs(postmaster, workers) for workers in (1, 4, 16, 64)}
    stop(folder)
    subprocess.run(["rm", "-rf", folder], check=True)
    sync_s = max(found[1][0] - unsynced_s, 0)
    lock_s = LOCKED_SHARE * unsynced_s
    s0, s1 = line([(w, c[1]) for w, c in found.items()])
    w0, w1 = line([(w, c[2]) for w, c in found.items()])
    print(f"a trial: server {s0 * 1e3:.2f} ms + {s1 * 1e6:.2f} us a worker, worker {w0 * 1e3:.2f} ms + "
          f"{w1 * 1e6:.2f} us a worker, lock {lock_s * 1e3:.2f} ms, sync {sync_s * 1e3:.1f} ms\n")
    print("| workers | measured | model | server ms (line) | worker ms (line) | cores left by others |")
    print("|---|---|---|---|---|---|")
    for workers, (seconds, served, used, cores) in found.items():
        stations = [("processor", s0 + w0 + (s1 + w1) * workers, cores), ("lock", lock_s, 1)]
        rate, _ = throughput(workers, sync_s, stations)
        print(f"| {workers} | {1 / seconds:.0f} | {rate:.0f} | {served * 1e3:.2f} "
              f"({(s0 + s1 * workers) * 1e3:.2f}) | {used * 1e3:.2f} ({(w0 + w1 * workers) * 1e3:.2f}) "
              f"| {cores:.1f} |")
    print("\n| workers | a trial takes | offered | 4 cores, random | 4 cores, tpe | 32 cores, tpe |")
    print("|---|---|---|---|---|---|")
    for workers in (64, 256, 1000, 4000, 10000):
        for think_s in (1, 60, 600):
            cells = []
            for cores, propose_s in ((4, 0), (4, 1e-3), (32, 1e-3)):
                stations = [("server", s0 + s1 * workers, cores), ("lock", lock_s + propose_s, 1)]
                rate, (use, name) = throughput(workers, think_s + sync_s, stations)
                cells.append(f"{rate:.1f} ({name} {100 * use:.0f} %)")
            print(f"| {workers:,} | {think_s} s | {workers / think_s:.1f} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
