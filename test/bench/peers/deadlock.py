"""A queue that notifies its observer while it holds its lock, for gdb's py-bt."""
import threading

lock = threading.Lock()


def put(item, depth=0):
    with lock:
        if depth == 0:
            print("ready", flush=True)
            put(item, depth + 1)


put("job")
