"""`python -m tongdai.cli`."""

from tongdai.cli import main

if __name__ == "__main__":
    main()
