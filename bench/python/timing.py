"""How the programs take the time of calls."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter_ns


def repeated(call: Callable[[], object], case: dict) -> Callable[[], object]:
    """As many calls as the case wants to be measured as one, in as many threads."""
    if "threads" in case:
        threads = ThreadPoolExecutor(case["threads"])
        return lambda: list(threads.map(lambda _: call(), range(case["repeat"])))
    if "repeat" in case:
        return lambda: [call() for _ in range(case["repeat"])]
    return call


def measure(call: Callable[[], object], calls: int) -> dict:
    samples = []
    before = perf_counter_ns()
    for _ in range(calls):
        call()
        after = perf_counter_ns()
        samples.append(after - before)
        before = after
    samples.sort()
    median, p99 = (samples[max(0, math.ceil(calls * fraction) - 1)] for fraction in (0.5, 0.99))
    return {"calls": calls, "median": median, "p99": p99}
