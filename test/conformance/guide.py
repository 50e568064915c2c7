"""Runs Python programs in a folder, each as if it were started there by itself, and says which of them fail.

    python guide.py FOLDER NAME...

Runs FOLDER/NAME.py for each name. Exits with 0 when all ran to their end, 1 otherwise. They share one process, since
importing TensorFlow takes longer than any of them.
"""

import os
import runpy
import sys
import traceback

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def main() -> int:
    folder, *names = sys.argv[1:]
    os.chdir(folder)
    failed = [name for name in names if not _runs(f"{name}.py")]
    print(f"{len(names) - len(failed)} of {len(names)} programs of the guide ran", flush=True)
    return 1 if failed or not names else 0


def _runs(program: str) -> bool:
    try:
        runpy.run_path(program, run_name="__main__")
    except BaseException:  # Also one that calls exit: it is not to end the others.
        traceback.print_exc()
        print(f"FAIL  {program}", flush=True)
        return False
    print(f"ok    {program}", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
