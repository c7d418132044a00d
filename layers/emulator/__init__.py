"""Start a built function as Lambda does: AWS's own runtime client and emulator, Lambda's file system, little memory.

```text
with started("plan_session", environment={"SIGNALS_SOURCE": "simulated"}) as function:
    function.invoke({"scheduled_time": "2026-11-20T21:45:00Z"})
    function.init_ms, function.peak_mib
```

Linux on x86_64 only, as the functions are. Where this machine lets nobody mount, a function runs in the open:
`what_is_missing` says so.
"""

import contextlib
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from layers.build import BUILD, MANIFEST
from layers.errors import BuildError, ToolError
from layers.lock import alone_in
from layers.wheels import install

HERE = Path(__file__).resolve().parent
RUNTIME = BUILD / "tools" / "runtime"
EMULATOR = "aws-lambda-rie"
INVOCATIONS = "/2015-03-31/functions/function/invocations"
MEMORY_MIB = 512
START_SECONDS, ANSWER_SECONDS = 10.0, 120
NO_VARIABLES: Mapping[str, str] = {}


@dataclass(frozen=True)
class RunningFunction:
    """One function, waiting for events; it is initialised by the first."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def invoke(self, event: Any) -> Any:
        """What the function answers; where it raises, `errorType` and `errorMessage`, as Lambda gives them.

        ToolError with the log where it dies instead, for want of memory for instance.
        """
        request = urllib.request.Request(self._url, data=json.dumps(event).encode())  # noqa: S310 - our own emulator
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:  # what the function raises comes with status 200
            raise self._failure("answering an event") from error

    @property
    def init_ms(self) -> float:
        """From the start of the runtime until it asked for the first event, milliseconds, as the emulator says."""
        report = re.search(r"INIT REPORT\(durationMs: ([0-9.]+)\)", self.log.read_text("utf-8"))
        return float(report[1]) if report else float("nan")

    @property
    def peak_mib(self) -> float:
        """The most memory the runtime with the function ever held, MiB."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        (runtime,) = [child for thread in threads for child in thread.read_text("utf-8").split()]
        status = Path(f"/proc/{runtime}/status").read_text("utf-8")
        (kib,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
        return int(kib) / 1024

    def wait_until_ready(self) -> None:
        """Return once the emulator listens; ToolError with its log where it does not."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise self._failure("starting the Lambda emulator")

    def _failure(self, task: str) -> ToolError:
        return ToolError(task=task, output=self.log.read_text("utf-8"), remedy="Correct what the log names.")

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self.port}{INVOCATIONS}"


@contextlib.contextmanager
def started(
    function: str, *, environment: Mapping[str, str] = NO_VARIABLES, memory_mib: int = MEMORY_MIB, build: Path = BUILD
) -> Iterator[RunningFunction]:
    """Run a function of that build folder until the end of the block.

    Raises
    ------
    BuildError
        Where this machine cannot run it, or the emulator cannot be fetched or started.
    """
    _fetch_emulator()
    with tempfile.TemporaryDirectory(dir=build) as scratch, (Path(scratch) / "log").open("wb") as log:
        folder = Path(scratch)
        unpack(function, folder, build=build)
        places, mounted = _places(folder)
        port, api_port = _free_ports(2)
        addresses = [f"--runtime-interface-emulator-address=127.0.0.1:{port}"]
        addresses += [f"--runtime-api-address=127.0.0.1:{api_port}"]
        emulator = [f"{places['runtime']}/{EMULATOR}", "--log-level=info", *addresses]
        limited = ["/bin/sh", "-c", f'ulimit -d {memory_mib * 1024}; exec "$0" "$@"']
        client = [f"{places['lang']}/bin/python3.13", "-S", "-s", "-m", "awslambdaric", "handler.handler"]
        process = subprocess.Popen(  # noqa: S603 - our own files, arguments in a list
            [*mounted, *emulator, *limited, *client],
            env={**_variables(function, places, memory_mib), **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        running = RunningFunction(process, port, folder / "log")
        try:
            running.wait_until_ready()
            yield running
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def unpack(function: str, folder: Path, *, build: Path = BUILD) -> None:
    """Lay out a function as Lambda does: its layers, one over the other, in `opt`, itself in `task`."""
    manifest = json.loads((build / MANIFEST).read_text("utf-8"))
    part = manifest["functions"][function]
    with alone_in(build / "unpacked"):
        for layer in part["layers"]:
            tree = _unpacked(manifest["layers"][layer], build)
            shutil.copytree(tree, folder / "opt", copy_function=os.link, dirs_exist_ok=True)
        shutil.copytree(_unpacked(part, build), folder / "task", copy_function=os.link)


def _unpacked(part: Mapping[str, Any], build: Path) -> Path:
    """The files of an archive, unpacked beside it once and linked to by whoever needs them."""
    name = Path(part["zip"]).with_suffix("")
    tree = build / "unpacked" / name.parent / f"{name.name}-{part['sha256'][:12]}"
    if not tree.exists():
        for older in tree.parent.glob(f"{name.name}-*"):
            shutil.rmtree(older)
        with zipfile.ZipFile(build / part["zip"]) as packed:
            packed.extractall(unfinished := tree.with_suffix(".part"))
        unfinished.rename(tree)
    return tree


@cache
def what_is_missing() -> str:
    """What of Lambda's surroundings this machine cannot give, in words; nothing if it gives all."""
    with tempfile.TemporaryDirectory() as scratch:
        (nothing := Path(scratch) / "nothing").mkdir()
        command = in_lambdas_file_system(Path(scratch) / "root", [nothing, nothing, nothing, nothing])
        command = [*command, "/bin/true"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own script
        except FileNotFoundError as error:
            return f"Lambda's file system: {error.strerror}: {error.filename}"
    return f"Lambda's file system: {done.stderr.strip()}" if done.returncode else ""


def in_lambdas_file_system(root: Path, places: Sequence[Path]) -> Sequence[str]:
    """What to put before a command so that it sees these folders as /var/lang, /var/runtime, /opt and /var/task.

    All is read-only but /tmp; of this machine it sees the system's programs and libraries. `root` is made.
    """
    root.mkdir()
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    unshare = ["unshare", *as_root, "--mount", "--propagation", "private"]
    return [*unshare, "/bin/sh", str(HERE / "root.sh"), str(root), *map(str, places)]


def _places(folder: Path) -> tuple[dict[str, str], Sequence[str]]:
    """Where the function sees things, and the command that makes it so."""
    lang = Path(sys.base_prefix)
    if what_is_missing():
        return {"lang": str(lang), "runtime": str(RUNTIME), "opt": f"{folder}/opt", "task": f"{folder}/task"}, ()
    command = in_lambdas_file_system(folder / "root", [lang, RUNTIME, folder / "opt", folder / "task"])
    return {"lang": "/var/lang", "runtime": "/var/runtime", "opt": "/opt", "task": "/var/task"}, command


def _variables(function: str, places: Mapping[str, str], memory_mib: int) -> dict[str, str]:
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "LD_LIBRARY_PATH": f"{places['lang']}/lib",
        "PYTHONPATH": f"{places['task']}:{places['opt']}/python:{places['runtime']}",
        "LAMBDA_TASK_ROOT": places["task"],
        "LAMBDA_RUNTIME_DIR": places["runtime"],
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(ANSWER_SECONDS),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mib),
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


def _fetch_emulator() -> None:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise BuildError(f"the functions run on x86_64 Linux; this is {platform.machine()} {platform.system()}")
    with alone_in(RUNTIME.parent), tempfile.TemporaryDirectory(dir=RUNTIME.parent) as scratch:
        if (RUNTIME / EMULATOR).exists():
            return
        tree = Path(scratch) / "runtime"
        install((HERE / "requirements.txt").read_text(encoding="utf-8").splitlines(), tree)
        shutil.move(tree / "samcli/local/rapid/aws-lambda-rie-x86_64", tree / EMULATOR)
        shutil.rmtree(tree / "samcli")
        (tree / EMULATOR).chmod(0o755)
        tree.replace(RUNTIME)
