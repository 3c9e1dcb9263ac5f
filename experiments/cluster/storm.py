#!/usr/bin/env python3
"""Sixteen workers under Slurm on a study in PostgreSQL, while everything that can break does.

    sudo /usr/bin/python3 experiments/cluster/storm.py build-release/cluster [TRIALS]

Starts a PostgreSQL and a Slurm of its own (postgresql, slurm-wlm, munge, faketime: Debian's), kills
and restarts, cuts and fills, writes what it did to standard output, and checks the study in the end.
As root, for a disk of its own that can be full, and for munge.
"""
import os, pathlib, random, shutil, signal, socket, subprocess, sys, tempfile, threading, time

PROGRAM = os.path.abspath(sys.argv[1])
TRIALS = int(sys.argv[2]) if len(sys.argv) > 2 else 1500
WORKERS, KILLS, RESTARTS = 16, 50, 5
POSTGRES = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
START = time.time()


def say(text):
    print(f"{time.time() - START:6.1f} s  {text}", flush=True)


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Database:
    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        run("mount", "-t", "tmpfs", "-o", "size=400m,uid=65534,gid=65534", "tmpfs", folder)
        run(*AS_NOBODY, POSTGRES / "initdb", "-D", f"{folder}/d", "-U", "watt", "--auth=trust",
            "-E", "UTF8")
        self.start()

    def control(self, *words):
        # Postgres holds what it inherits open, so it inherits no pipe.
        subprocess.run([*AS_NOBODY, POSTGRES / "pg_ctl", "-D", f"{self.folder}/d", *words],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self):
        self.control("-l", f"{self.folder}/log", "-w", "-o",
                     f"-k {self.folder} -h 127.0.0.1 -p {self.port}", "start")

    def restart(self, mode):
        self.control("-m", mode, "-w", "stop")
        time.sleep(2)
        self.start()

    def ended(self):
        try:
            return int(run("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "watt", "-Atc",
                           "SELECT count(*) FROM wattgrind.trials WHERE end_rank IS NOT NULL",
                           "postgres"))
        except subprocess.CalledProcessError:
            return -1


class Proxy(threading.Thread):
    """The network between workers and database; while it is cut, what comes in is swallowed."""

    def __init__(self, to):
        super().__init__(daemon=True)
        self.to, self.is_cut = to, False
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]

    def run(self):
        while True:
            client, _ = self.listener.accept()
            try:
                server = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                client.close()
                continue
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self.pass_on, args=(a, b), daemon=True).start()

    def pass_on(self, a, b):
        try:
            while data := a.recv(65536):
                if not self.is_cut:
                    b.sendall(data)
        except OSError:
            pass
        for end in (a, b):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def start_slurm(folder):
    key = pathlib.Path(folder, "munge.key")
    key.write_bytes(os.urandom(1024))
    for place in (folder, key):
        shutil.chown(place, "munge", "munge")
    key.chmod(0o400)
    os.makedirs("/run/munge", exist_ok=True)
    shutil.chown("/run/munge", "munge", "munge")
    os.chmod("/run/munge", 0o755)
    run("runuser", "-u", "munge", "--", "munged", f"--key-file={key}", f"--log-file={folder}/m.log",
        f"--pid-file={folder}/m.pid", f"--seed-file={folder}/m.seed", "--force")
    ports = [free_port() for _ in range(3)]
    host = socket.gethostname()
    conf = pathlib.Path(folder, "slurm.conf")
    conf.write_text(f"""ClusterName=storm
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/d-%n.pid
SlurmctldLogFile={folder}/ctld.log
SlurmdLogFile={folder}/d-%n.log
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1 RealMemory=1000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1 RealMemory=1000
PartitionName=p Nodes=n1,n2 Default=YES OverSubscribe=FORCE:16
""")
    os.environ["SLURM_CONF"] = str(conf)
    os.makedirs(f"{folder}/state")
    run("slurmctld", "-f", conf)
    for node in ("n1", "n2"):
        run("slurmd", "-N", node, "-f", conf)


def workers():
    return [int(p) for p in subprocess.run(["pgrep", "-f", "^[^ ]*cluster worker .*study=storm"],
                                           capture_output=True, text=True).stdout.split()]


def storm(database, proxy, folder, logs):
    disk = os.path.join(folder, "disk")
    url = f"postgresql://watt@127.0.0.1:{proxy.port}/postgres?study=storm"
    run(PROGRAM, "begin", url)
    script = pathlib.Path(folder, "workers.sh")
    # Every second worker's clock is an hour off. Whoever is killed is started again.
    script.write_text(f"""#!/bin/bash
if (( SLURM_ARRAY_TASK_ID % 2 )); then
  export LD_PRELOAD=/usr/$LIB/faketime/libfaketime.so.1 FAKETIME=+1h FAKETIME_DONT_FAKE_MONOTONIC=1
fi
trap 'kill -TERM $child; wait $child; exit' TERM
while true; do
  {PROGRAM} worker '{url}' {TRIALS} 500 {logs}/$SLURM_ARRAY_TASK_ID &
  child=$!
  wait $child && exit
done
""".replace("$LIB", "lib/x86_64-linux-gnu"))
    run("sbatch", f"--array=0-{WORKERS - 1}", f"--output={logs}/%a.out", script)
    say(f"sbatch: {WORKERS} workers, {TRIALS} trials of half a second")
    events = [("kill", None)] * KILLS + [("restart", "fast")] * (RESTARTS - 1)
    events += [("restart", "immediate"), ("cut", 8), ("cut", 8), ("full", 6), ("term", None)]
    random.shuffle(events)
    while len(workers()) < WORKERS and time.time() < START + 60:
        time.sleep(0.2)
    say(f"{len(workers())} workers are there")
    for event, how in events:
        time.sleep(random.uniform(0.2, 1.0))
        ended = database.ended()
        if event == "kill" and workers():
            victim = random.choice(workers())
            os.kill(victim, signal.SIGKILL)
            say(f"kill -9 {victim} ({ended} trials ended)")
        elif event == "restart":
            database.restart(how)
            say(f"PostgreSQL restarted, -m {how} ({ended} trials had ended, {database.ended()} have)")
        elif event == "cut":
            proxy.is_cut = True
            time.sleep(how)
            proxy.is_cut = False
            say(f"network swallowed everything for {how} s ({ended} trials had ended)")
        elif event == "full":
            ballast = os.path.join(disk, "ballast")
            subprocess.run(["dd", "if=/dev/zero", f"of={ballast}", "bs=1M"], capture_output=True)
            time.sleep(how)
            os.remove(ballast)
            say(f"database's disk full for {how} s ({ended} trials had ended)")
        elif event == "term":
            run("scancel", "--signal=TERM", "--batch", run("squeue", "-h", "-r", "-t", "R", "-o",
                                                           "%i").split()[0])
            say("scancel --signal=TERM of one worker")
    say(f"the storm is over, {database.ended()} trials ended")
    while run("squeue", "-h").strip() and time.time() < START + 900:
        time.sleep(1)
    say(f"squeue is empty: {not run('squeue', '-h').strip()}")
    files = [os.path.join(logs, str(i)) for i in range(WORKERS)]
    say(run(PROGRAM, "check", url, str(TRIALS), *[f for f in files if os.path.exists(f)]).strip())
    told = sum("trying again" in line for i in range(WORKERS)
               for line in open(os.path.join(logs, f"{i}.out")))
    say(f"workers told {told} times that the server was away")


def main():
    random.seed(1)
    folder = tempfile.mkdtemp(prefix="storm")
    os.chmod(folder, 0o755)
    slurm, disk, logs = (os.path.join(folder, name) for name in ("slurm", "disk", "logs"))
    for place in (slurm, disk, logs):
        os.makedirs(place)
    database = Database(disk)
    proxy = Proxy(database.port)
    proxy.start()
    start_slurm(slurm)
    try:
        storm(database, proxy, folder, logs)
    finally:
        run("scontrol", "shutdown")
        database.control("-m", "immediate", "stop")
        os.kill(int(open(os.path.join(slurm, "m.pid")).read()), signal.SIGTERM)
        run("umount", "-l", disk)


main()
