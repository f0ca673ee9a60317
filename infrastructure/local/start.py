"""Where `make run` and the others begin: in the first moment, Ctrl-C ends this without a word."""

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from bootstrap import begin  # only now, since it takes a while

    begin()
