"""``python -m meguru``."""

from meguru.cli import main

if __name__ == "__main__":
    main()
