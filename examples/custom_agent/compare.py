"""Plots the training returns of several runs: compare.py OUTPUT.png BASE_DIR ... (matplotlib)."""

import csv
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

output, *base_dirs = sys.argv[1:]
figure, axes = plt.subplots(figsize=(6, 4))
for base_dir in map(pathlib.Path, base_dirs):
    with open(base_dir / "results.csv") as file:
        rows = list(csv.DictReader(file))
    axes.plot(
        [int(row["agent_steps"]) for row in rows],
        [float(row["train_average_return"]) for row in rows],
        label=base_dir.name,
    )
axes.set_xlabel("agent steps")
axes.set_ylabel("average return of an iteration's training episodes")
axes.legend()
figure.tight_layout()
figure.savefig(output, dpi=120)
