"""The command line, as ``python -m spectrove``."""

from spectrove.cli import main

if __name__ == "__main__":
    main()
