"""Truth by execution: generated programs are run, and what the tool says of them is held against what they did.

    python -m tests.oracle --programs 20000 --jobs 2          # the long run, from the root of the repository
    python -m tests.oracle --seed 3 --number 187              # one program, what is wrong with it, and its repair
    python -m tests.oracle --programs 2000 --other-drivers    # DATABASE_URL may bring SQLite's URL
    python -m tests.oracle --programs 2000 --projects         # each program is parted into modules
    python -m tests.oracle --programs 2000 --connections      # asyncpg's own calls, psycopg's, and what wraps asyncpg

It prints a table of figures and, for each kind of failure, the smallest program that shows it. A program belongs to its
seed and number alone, so that the number of processes changes nothing. `tests/oracle/test_oracle.py` is the seeded
sample of every change.

A program is generated (`programs`), run with stand-ins in every environment that it can tell from others (`execution`):
each variable unset, and as each value that the program compares it with and one more. What the runs show (`truth`) is
compared with the report and with the program after its safe fixes (`comparison`). A failure is reduced on its syntax
(`reduction`). Only `poolsafe.checker.check` and `poolsafe.edits.application.repair` are asked.

What must hold:

* **No false finding.** A finding is false if no run of that line shows what it says. A default wins over the
  environment variable that may replace it: only runs in which such variables are unset count here, if one gets there.
  Where they make engines of other drivers only, the runs on asyncpg count.
* **No silent miss.** A finding is missed if each of these runs of a line on asyncpg shows it. Of the sizes it is enough
  that each run is wrong in some way and any finding on sizes is reported. An engine that the report lists as not judged
  is counted as that instead.
* **No program is broken by its safe fixes.** In every environment it raises what it raised, prints what it printed and
  makes the same engines in the same order. Engines of other drivers get the same arguments, unless they refuse a key of
  asyncpg's before and after, so that they never connect. On asyncpg, a size that changes becomes 0, and where a fix for
  the sizes was offered both are right unless the environment itself brings a number; nothing else changes but
  `pool_pre_ping`, the arguments of a queue where there is none, and parameters that asyncpg refuses. The same SQL
  commands are executed in the same order by the same drivers, each with its parameters.

Programs of connections (`connections`) are held to the same, with asyncpg's size and psycopg's threshold in place of
an engine's sizes (`client_truth`, `client_comparison`): what a library on top of asyncpg is given counts where that
library hands it on, and a URL for another database gets what it got.

Programs of several modules (`projects`) are held to the same, module by module, with two limits that the tool says of
itself: a file that does not name an engine function is not looked at, nor is SQL that stands in another file.

A program that raises in every environment shows nothing and is only counted. `DATABASE_URL` brings URLs of its
default's driver; with `--other-drivers` it brings SQLite's too where the program names SQLite. Conditions do not name
poolers: that would ask the tool to be silent (PGB108).
"""
