"""Optuna's default sampler on the objectives of tpe_regret, one CSV line a checkpoint.

usage: optuna_regret.py PATH_OF_TPE_REGRET FIRST_SEED SEEDS [PARALLEL [liar]] > optuna.csv

So many trials are in flight all the time (1), and which of them ends next is drawn, as in
tpe_regret. With `liar` the sampler believes that those in flight do badly (constant_liar=True).
"""
import random
import subprocess
import sys

import optuna

SPACES = {
    "mlp3": {"L": (1, 10), "W": (1, 20), "B": (2, 128)},
    "cnn4": {"L": (1, 10), "F": (1, 5), "K": (1, 10), "B": (2, 128)},
    "rast4d": {f"k{i}": (0, 40) for i in range(4)},
}
SPACES["mlp3n"], SPACES["cnn4n"] = SPACES["mlp3"], SPACES["cnn4"]
CHECKPOINTS = (10, 25, 50, 100, 200, 400)


def run_study(evaluator, name, seed, parallel, liar, last):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, constant_liar=liar))
    label = f"optuna-{optuna.__version__}{'-liar' if liar else ''}"
    label += f"-x{parallel}" if parallel > 1 else ""
    draw = random.Random(seed)
    evaluations, best, best_regret, repeats, in_flight = {}, float("inf"), None, 0, []
    for n in range(1, last + 1):
        while len(in_flight) < parallel:
            trial = study.ask()
            x = tuple(trial.suggest_int(p, *bounds) for p, bounds in SPACES[name].items())
            in_flight.append((trial, x))
        trial, x = in_flight.pop(draw.randrange(len(in_flight)))
        repetition = evaluations.get(x, 0)
        evaluations[x] = repetition + 1
        repeats += repetition > 0
        print(name, seed, repetition, *x, file=evaluator.stdin, flush=True)
        value, regret = map(float, evaluator.stdout.readline().split())
        study.tell(trial, value)
        if value < best:
            best, best_regret = value, regret
        if n in CHECKPOINTS:
            print(f"{label},{name},{seed},{n},{best_regret!r},{repeats}", flush=True)


def main():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    program, first_seed, seeds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    parallel = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    liar = sys.argv[5:] == ["liar"]
    evaluator = subprocess.Popen([program, "evaluate"], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
    print("sampler,objective,seed,n,regret,repeats")
    for name in ("mlp3", "mlp3n", "cnn4", "cnn4n", "rast4d"):
        for seed in range(first_seed, first_seed + seeds):
            last = CHECKPOINTS[-1] if parallel > 32 else 200
            run_study(evaluator, name, seed, parallel, liar, last)


if __name__ == "__main__":
    main()
