"""Optuna's default sampler on the objectives of tpe_regret, one CSV line a checkpoint.

usage: optuna_regret.py PATH_OF_TPE_REGRET FIRST_SEED SEEDS > optuna.csv
"""
import subprocess
import sys

import optuna

SPACES = {
    "mlp3": {"L": (1, 10), "W": (1, 20), "B": (2, 128)},
    "cnn4": {"L": (1, 10), "F": (1, 5), "K": (1, 10), "B": (2, 128)},
    "rast4d": {f"k{i}": (0, 40) for i in range(4)},
}
SPACES["mlp3n"], SPACES["cnn4n"] = SPACES["mlp3"], SPACES["cnn4"]
CHECKPOINTS = (10, 25, 50, 100, 200)


def run_study(evaluator, name, seed):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    evaluations, best, best_regret, repeats = {}, float("inf"), None, 0
    for n in range(1, CHECKPOINTS[-1] + 1):
        trial = study.ask()
        x = tuple(trial.suggest_int(p, *bounds) for p, bounds in SPACES[name].items())
        repetition = evaluations.get(x, 0)
        evaluations[x] = repetition + 1
        repeats += repetition > 0
        print(name, seed, repetition, *x, file=evaluator.stdin, flush=True)
        value, regret = map(float, evaluator.stdout.readline().split())
        study.tell(trial, value)
        if value < best:
            best, best_regret = value, regret
        if n in CHECKPOINTS:
            print(f"optuna-{optuna.__version__},{name},{seed},{n},{best_regret!r},{repeats}",
                  flush=True)


def main():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    evaluator = subprocess.Popen([sys.argv[1], "evaluate"], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
    print("sampler,objective,seed,n,regret,repeats")
    for name in ("mlp3", "mlp3n", "cnn4", "cnn4n", "rast4d"):
        for seed in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):
            run_study(evaluator, name, seed)


if __name__ == "__main__":
    main()
