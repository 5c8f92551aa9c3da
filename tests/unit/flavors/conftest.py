"""One thread for native code: on a busy machine its many threads wait for each other."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
