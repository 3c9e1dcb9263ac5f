#!/usr/bin/env python3
"""Asks a server of its own for 200 things a second, of mixed kind, and tells how it fared.

    python3 experiments/serve/load.py build/wattgrind [SECONDS]

Exit: 0 all answers were right and in time on average, 1 some were not.
"""
import http.client
import json
import subprocess
import sys
import threading
import time

RATE = 200  # requests a second
CLIENTS = 8
CASES = [{"network": name, "machine": machine} for name in ("lenet5", "resnet8", "mobilenet_v1_025")
         for machine in ("zen3", "skylake_i7_6700")]


def resident_kib(process):
    with open(f"/proc/{process}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def ask(connection, method, path, body=None):
    """The status and how long it took, in milliseconds."""
    headers = {"Content-Type": "application/json"} if body else {}
    start = time.perf_counter()
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status, 1e3 * (time.perf_counter() - start)


def kinds(job):
    """What is asked for, in turn, with the status that is right."""
    wrong = json.dumps({"network": "lenet6"})
    asked = [("POST", "/api/v1/estimate?wait=10", json.dumps(case), 200) for case in CASES]
    return asked + [
        ("GET", "/", None, 200),
        ("GET", f"/results?job={job}", None, 200),
        ("GET", f"/api/v1/jobs/{job}", None, 200),
        ("GET", f"/api/v1/jobs/{job}/result?format=csv", None, 200),
        ("GET", "/api/v1/machines", None, 200),
        ("GET", "/openapi.json", None, 200),
        ("GET", "/nothing", None, 404),
        ("POST", "/api/v1/estimate", wrong, 400),
    ]


def client(port, number, seconds, asked, start, took, wrong):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for i in range(number, int(RATE * seconds), CLIENTS):
        method, path, body, right = asked[i % len(asked)]
        time.sleep(max(0, start + i / RATE - time.perf_counter()))
        status, milliseconds = ask(connection, method, path, body)
        took.append((path.split("?")[0], milliseconds))
        if status != right:
            wrong.append((path, status))


def percentile(values, part):
    return sorted(values)[int(part * (len(values) - 1))]


def run(program, seconds):
    server = subprocess.Popen([program, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline().rstrip("/\n").rsplit(":", 1)[1])
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for case in CASES:
            assert ask(connection, "POST", "/api/v1/estimate?wait=60", json.dumps(case))[0] == 200
        connection.request("GET", "/api/v1/jobs")
        job = json.loads(connection.getresponse().read())["jobs"][0]["id"]
        took, wrong, memory = [], [], [resident_kib(server.pid)]
        start = time.perf_counter()
        threads = [threading.Thread(target=client, args=(port, n, seconds, kinds(job), start, took, wrong))
                   for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(1)
            memory.append(resident_kib(server.pid))
        lasted = time.perf_counter() - start
        print(f"{len(took)} requests in {lasted:.1f} s: {len(took) / lasted:.0f} a second, {len(wrong)} wrong")
        for path in sorted({path for path, _ in took}):
            of = [milliseconds for other, milliseconds in took if other == path]
            print(f"{path:45} {len(of):6}  median {percentile(of, 0.5):6.2f} ms  "
                  f"99 % {percentile(of, 0.99):6.2f} ms  most {max(of):6.2f} ms")
        print(f"memory (KiB): {memory[0]} at first, {max(memory)} at most, {memory[-1]} at last")
        return 0 if not wrong and len(took) / lasted > 0.95 * RATE else 1
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 60))
