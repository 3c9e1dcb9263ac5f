import json, subprocess, sys

sampler = subprocess.Popen([sys.argv[1], "ask-tell", sys.argv[2]], text=True,
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
best = float("inf")
for _ in range(100):
    asked = json.loads(sampler.stdout.readline())
    x, y = asked["params"]["x"], asked["params"]["y"]
    best = min(best, value := (1 - x) ** 2 + 100 * (y - x * x) ** 2)
    print(json.dumps({"trial": asked["trial"], "value": value}), file=sampler.stdin, flush=True)
print(f"best of 100: {best:.3g}")
