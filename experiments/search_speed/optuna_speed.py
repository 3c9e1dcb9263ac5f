"""Processor time of a suggestion of Optuna's default sampler, as search_speed measures ours.

usage: optuna_speed.py > optuna.csv
"""
import random
import statistics
import time

import optuna

SPACE = {"L": (1, 10), "F": (1, 5), "K": (1, 10), "B": (2, 128)}
TIMED = 32


def value(x):
    return sum((v - 3) ** 2 for v in x.values())


def main():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    draws = random.Random(1)
    distributions = {p: optuna.distributions.IntDistribution(*b) for p, b in SPACE.items()}
    print("sampler,trials,mean_ms,median_ms,first_ms")
    for trials in (100, 1000, 5000):
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=2))
        for _ in range(trials):
            x = {p: draws.randint(*b) for p, b in SPACE.items()}
            study.add_trial(optuna.trial.create_trial(
                params=x, distributions=distributions, value=value(x)))
        times = []
        for _ in range(TIMED + 1):
            start = time.process_time()
            trial = study.ask()
            x = {p: trial.suggest_int(p, *b) for p, b in SPACE.items()}
            times.append(1e3 * (time.process_time() - start))
            study.tell(trial, value(x))
        rest = times[1:]
        print(f"optuna-{optuna.__version__},{trials},{statistics.mean(rest):.4f},"
              f"{statistics.median(rest):.4f},{times[0]:.4f}", flush=True)


if __name__ == "__main__":
    main()
