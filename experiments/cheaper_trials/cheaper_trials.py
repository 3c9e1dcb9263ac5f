#!/usr/bin/python3
"""Searches MNIST configurations as they are, and with trials trained in parts.

cheaper_trials.py WATTGRIND [SEEDS [SEARCH...]]; WATTGRIND_DATA names the folder of mnist's files.
"""
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

SEARCHES = ["dffr_mnist_small", "cnn_mnist_small", "dffr_triangle_mnist_small", "dffr_mnist",
            "dffr_mnist_long"]


def longer(images, epochs):
    return {"data": {"set": "mnist", "train": images, "validation": 1000, "test": 1000, "seed": 1},
            "training": {"epochs": epochs, "optimizer": "adam"}, "trials": 40}


# dffr_mnist_small with trainings that take longer than making the kernels for them.
LONGER = {"dffr_mnist": longer(3000, 9), "dffr_mnist_long": longer(20000, 27)}
# Trials that go on with others count as trials: about a third of all.
MORE_TRIALS = 1.5


def run(program, config, seed, folder):
    """One search: best value, epochs, trainings' costs counted and processor seconds."""
    name = os.path.join(folder, "search.json")
    study = os.path.join(folder, "a.study")
    if os.path.exists(study):
        os.remove(study)
    with open(name, "w") as file:
        json.dump(config, file)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([program, "search", name, "--seed", str(seed), "--study", study, "--quiet"],
                   check=True, stdout=subprocess.DEVNULL)
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    shown = subprocess.run([program, "study", study, "--format", "json"], check=True,
                           stdout=subprocess.PIPE)
    report = json.loads(shown.stdout)
    epochs, counted = {}, set()
    for trial in report["trials"]:
        key, result = json.dumps(trial["params"]), trial.get("result", {})
        whole = config["training"]["epochs"] if "learning" in result else 0
        epochs[key] = max(epochs.get(key, 0), result.get("epochs_trained", whole))
        if "train_cost" in result:
            counted.add(key)
    return {"value": report["best"]["values"][0], "epochs": sum(epochs.values()),
            "configurations": len(epochs), "counted": len(counted), "seconds": seconds}


def main():
    program = os.path.abspath(sys.argv[1])
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    searches = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../configs/searches")
    with tempfile.TemporaryDirectory() as folder:
        print("search,seed,kind,value,configurations,epochs,counted,seconds", flush=True)
        for search in sys.argv[3:] or SEARCHES:
            shipped = "dffr_mnist_small" if search in LONGER else search
            with open(os.path.join(searches, shipped + ".json")) as file:
                text = "".join(line for line in file if not line.strip().startswith("//"))
            config = json.loads(text)
            config.pop("$schema", None)
            config.update(LONGER.get(search, {}))
            parts = dict(config, sampler={"kind": "tpe", "fidelity": "epochs"},
                         trials=int(MORE_TRIALS * config["trials"]))
            ratios = {"epochs": [], "counted": [], "seconds": [], "worse": []}
            for seed in range(1, seeds + 1):
                found = {}
                for kind, what in (("whole", config), ("parts", parts)):
                    row = found[kind] = run(program, what, seed, folder)
                    print(f"{search},{seed},{kind},{row['value']:.6f},{row['configurations']},"
                          f"{row['epochs']},{row['counted']},{row['seconds']:.2f}", flush=True)
                whole = found["whole"]
                for key in ("epochs", "counted", "seconds"):
                    ratios[key].append(found["parts"][key] / whole[key])
                ratios["worse"].append((found["parts"]["value"] - whole["value"]) /
                                       abs(whole["value"]))
            print(f"# {search}: of the whole search's, median of {seeds}: epochs "
                  f"{statistics.median(ratios['epochs']):.2f}, costs counted "
                  f"{statistics.median(ratios['counted']):.2f}, processor time "
                  f"{statistics.median(ratios['seconds']):.2f}; value worse by "
                  f"{100 * statistics.median(ratios['worse']):.1f} % (median), "
                  f"{100 * max(ratios['worse']):.1f} % (most)", flush=True)


if __name__ == "__main__":
    main()
