"""Writes data.golden.json: what NumPy computes of the numbers that the helpers of `savedmodel/data` are tested with.

    python data.py

`minMax` and `zScore` have the formulas of scikit-learn's MinMaxScaler and StandardScaler: a constant column has a scale
of 1, and the standard deviation is that of the population. `mulberry32` computes with Python's unlimited integers.
"""

import json
from pathlib import Path

import numpy as np

RANDOM = np.random.default_rng(3)
ROWS = np.column_stack(
    [
        RANDOM.normal(size=12),
        RANDOM.normal(1e6, 1e-3, size=12),
        RANDOM.integers(-300, 300, size=12) * 1e-12,
        np.full(12, 0.1),
        RANDOM.lognormal(0, 8, size=12),
    ]
)
LABELS = ["dog", "cat", "bird", "cat", "Dog", "größe", "bird"]


def scaled(offset: np.ndarray, scale: np.ndarray) -> dict[str, list]:
    scale = np.where(ROWS.min(axis=0) == ROWS.max(axis=0), 1.0, scale)
    return {"offset": offset.tolist(), "scale": scale.tolist(), "transformed": ((ROWS - offset) / scale).tolist()}


def mulberry32(seed: int, count: int) -> list[float]:
    mask = 2**32 - 1
    numbers = []
    for _ in range(count):
        seed = (seed + 0x6D2B79F5) & mask
        bits = ((seed ^ (seed >> 15)) * (seed | 1)) & mask
        bits ^= (bits + (bits ^ (bits >> 7)) * (bits | 61)) & mask
        numbers.append(((bits ^ (bits >> 14)) & mask) / 2**32)
    return numbers


def shuffled(seed: int, count: int) -> list[int]:
    order = list(range(count))
    for last, number in zip(range(count - 1, 0, -1), mulberry32(seed, count), strict=False):
        chosen = int(number * (last + 1))
        order[last], order[chosen] = order[chosen], order[last]
    return order


def main() -> None:
    classes, codes = np.unique(LABELS, return_inverse=True)
    mean = np.array([np.longdouble(column).mean() for column in ROWS.T], dtype="float64")
    low = ROWS.min(axis=0)
    goldens = {
        "rows": ROWS.tolist(),
        "minMax": scaled(low, ROWS.max(axis=0) - low),
        "zScore": scaled(np.where(low == ROWS.max(axis=0), low, mean), ROWS.std(axis=0)),
        "labels": LABELS,
        "classes": classes.tolist(),
        "oneHot": np.eye(len(classes))[codes].tolist(),
        "random": [{"seed": seed, "numbers": mulberry32(seed, 5)} for seed in (0, 1, 42, 2**31, 2**32 - 1)],
        "shuffled": [
            {"seed": seed, "order": shuffled(seed, count)} for seed, count in ((0, 0), (0, 1), (0, 10), (1, 10), (7, 100))
        ],
    }
    lists = (f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in goldens.items())
    Path(__file__).with_name("data.golden.json").write_text("{ " + ",\n".join(lists) + " }\n", encoding="utf-8")


if __name__ == "__main__":
    main()
