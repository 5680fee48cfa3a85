"""Compares findings and fixes with execution: generated programs are run, and poolsafe's results must match.

    python -m tests.oracle --programs 20000 --jobs 2          # the long run, from the root of the repository
    python -m tests.oracle --seed 3 --number 187              # one program, its failures, and its fixed form
    python -m tests.oracle --programs 2000 --other-drivers    # DATABASE_URL may contain SQLite's URL
    python -m tests.oracle --programs 2000 --projects         # each program is divided into modules
    python -m tests.oracle --programs 2000 --connections      # asyncpg's own calls, psycopg's, and what wraps asyncpg

It prints a table of figures and, for each kind of failure, the smallest program that shows it. A program depends only
on its seed and number, not on the number of processes. `tests/oracle/test_oracle.py` runs a seeded sample for every
change.

A program is generated (`programs`) and run with stand-ins in every environment that it can distinguish (`execution`):
each variable is unset, has each value that the program compares it with, and has one other value. The results of the
runs (`truth`) are compared with the report and with the program after its safe fixes (`comparison`). A failing program
is reduced by its syntax (`reduction`). Only `poolsafe.checker.check` and `poolsafe.edits.application.repair` are
called.

What must hold:

* **No false finding.** A finding is false if no run of that line shows the problem. A default wins over the environment
  variable that may replace it: only runs in which such variables are unset count, if one of them reaches the line. If
  these runs only create engines of other drivers, the runs on asyncpg count.
* **No silent miss.** A finding is missed if each of these runs of a line on asyncpg shows it. For the sizes, it is
  enough that each run is wrong in some way and any finding on sizes is reported. An engine that the report lists as
  unchecked is counted separately.
* **No program is broken by its safe fixes.** In every environment, it raises the same exceptions, prints the same
  output and creates the same engines in the same order. Engines of other drivers get the same arguments, unless they
  refuse a key of asyncpg's before and after, so that they never connect. On asyncpg, a size that changes becomes 0, and
  where a fix for the sizes was offered both are right unless the environment itself brings a number; nothing else
  changes but `pool_pre_ping`, the arguments of a queue where there is none, and parameters that asyncpg refuses. The
  same SQL commands are executed in the same order by the same drivers, each with its parameters.

Programs of connections (`connections`) are held to the same, with asyncpg's size and psycopg's threshold in place of
an engine's sizes (`client_truth`, `client_comparison`): what a library on top of asyncpg is given counts where that
library hands it on, and a URL for another database gets what it got.

Programs of several modules (`projects`) must satisfy the same, module by module, with two documented limits: a file
that does not mention an engine function is not checked, nor is SQL in another file.

A program that raises in every environment proves nothing and is only counted. `DATABASE_URL` contains URLs of its
default's driver; with `--other-drivers`, it also contains SQLite's if the program mentions SQLite. Conditions do not
mention poolers, because poolsafe then intentionally reports nothing (PGB108).
"""
