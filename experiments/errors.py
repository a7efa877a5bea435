"""How a command ends: one clear line on stderr and an exit code that a script can act on."""

import errno
import os
import signal
import sys
import traceback
from collections.abc import Callable
from enum import IntEnum
from typing import NoReturn


class ExitCode(IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2  # the command line or the config; argparse uses it too
    ENVIRONMENT = 3  # the machine: disk, display, memory, packages, a run folder in use
    CHECKPOINT = 4  # a checkpoint or saved agent that is damaged or foreign
    INTERRUPTED = 130  # 128 + SIGINT, after saving
    TERMINATED = 143  # 128 + SIGTERM, after saving


class UserError(Exception):
    """Something the user can put right; the message names the file or key and the fix, and is all that is shown."""

    def __init__(self, message: str, exit_code: int = ExitCode.FAILED):
        super().__init__(message)
        self.exit_code = int(exit_code)


def run_command(main: Callable[[], int | None]) -> NoReturn:
    """Run a command's `main()` and leave the process with the right exit code.

    A UserError becomes its message; anything unforeseen keeps its traceback and exits 1. SIGTERM ends it as a program
    ends by itself, so that what it has started, engines above all, ends too.
    """
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(ExitCode.TERMINATED))
    try:
        code = int(main() or ExitCode.DONE)
        sys.stdout.flush()
    except UserError as error:
        code = _complain(str(error), error.exit_code)
    except KeyboardInterrupt:
        code = _complain("interrupted", ExitCode.INTERRUPTED)
    except BrokenPipeError:  # `... | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.DONE
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            traceback.print_exc()
            sys.exit(ExitCode.FAILED)
        where = f" ({error.filename})" if error.filename else ""
        code = _complain(f"cannot write{where}: {error.strerror}; free some space or choose another folder", 3)
    except Exception as error:
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if "CorruptArtifact" not in kinds:  # by name: importing its module costs start-up time
            traceback.print_exc()
            sys.exit(ExitCode.FAILED)
        code = _complain(str(error), ExitCode.CHECKPOINT)
    sys.exit(code)


def _complain(message: str, code: int) -> int:
    print(message, file=sys.stderr, flush=True)
    return int(code)
