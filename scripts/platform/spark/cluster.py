"""A Spark cluster on this machine: a standalone master, two workers and a Thrift server, all on the loopback address.

Needs the extra `spark` and a Java runtime. Everything it writes is under one folder; every process ends with it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import Progress, tell_share

HOST = "127.0.0.1"
HOST_VARIABLE, PORT_VARIABLE = "SEGMENTATION_SPARK_HOST", "SEGMENTATION_SPARK_PORT"
WORKERS = 2
# Patient, because a busy machine starts three programs of Java slowly.
START_SECONDS = 600
STOP_SECONDS = 20
JAVA_VERSIONS = (17, 21)
DRIVER_MEMORY = "5g"
EXECUTOR_MEMORY = "1g"
# What the models rely on, on any Spark.
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.sources.partitionOverwriteMode": "dynamic",
}
# What makes hundreds of small statements fast on one machine; on large data, leave these to the cluster. Tables are
# known to the Thrift server alone, and forgotten with it.
SMALL_DATA = {
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.ui.enabled": "false",
    "spark.executor.memory": EXECUTOR_MEMORY,
    "spark.executor.cores": "1",
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.parquet.compression.codec": "uncompressed",
    "spark.shuffle.compress": "false",
    "spark.broadcast.compress": "false",
    "spark.locality.wait": "0",
    "spark.sql.lightweightPlanChangeValidation": "false",
    "spark.sql.optimizer.dynamicPartitionPruning.enabled": "false",
    "spark.sql.maxPlanStringLength": "1000",
    "spark.ui.liveUpdate.period": "-1",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.scheduler.mode": "FAIR",
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
}
# Deep stacks, because generated statements are long. Executors run too little to gain from Java's second compiler.
JAVA_OPTIONS = "-Xss16m -XX:+UseSerialGC"
EXECUTOR_JAVA_OPTIONS = f"{JAVA_OPTIONS} -XX:TieredStopAtLevel=1"
# A line per task costs more than some of the tasks.
LOGGED = """\
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex
logger.window.name = org.apache.spark.sql.execution.window.WindowExec
logger.window.level = error
"""


@dataclass
class Cluster:
    """A running cluster: the port of its Thrift server, the folder of its tables, and its processes."""

    port: int
    home: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def tables(self) -> Path:
        """Folder of the managed tables: `<schema>.db/<table>`."""
        return self.home / "warehouse"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables by which dbt's target `spark` finds the server."""
        return {HOST_VARIABLE: HOST, PORT_VARIABLE: str(self.port)}

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements one after the other in one session; returns the rows of the last."""
        with _session(self.port) as cursor:
            for statement in statements:
                cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []


@contextmanager
def spark_cluster(home: Path, progress: Progress = print) -> Iterator[Cluster]:
    """A cluster that keeps its tables, logs and everything else under `home`, which it empties first.

    Raises UserError when the extra or Java is missing, CheckFailed when a process does not start. All processes are
    stopped at the end, after an error, Ctrl-C or SIGTERM too, and with this process if that is killed.
    """
    spark, java = _spark_home(), _java()
    shutil.rmtree(home, ignore_errors=True)
    for name in ("warehouse", "logs", "scratch", "work", "conf"):
        (home / name).mkdir(parents=True, mode=0o700)
    cluster = Cluster(_free_port(), home)
    with _stopped_by_signals():
        try:
            _start(cluster, spark, java, progress)
            yield cluster
        finally:
            _stop(cluster, progress)


def _start(cluster: Cluster, spark: Path, java: str, progress: Progress) -> None:
    (cluster.home / "conf" / "log4j2.properties").write_text(LOGGED, encoding="utf-8")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_", "HADOOP_"))
    } | {
        "JAVA_HOME": str(Path(java).resolve().parents[1]),
        "SPARK_HOME": str(spark),
        "SPARK_CONF_DIR": str(cluster.home / "conf"),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(cluster.home / "scratch"),
        "SPARK_NO_DAEMONIZE": "1",
    }
    port = _free_port()
    master = f"spark://{HOST}:{port}"
    spark_class = str(spark / "bin" / "spark-class")

    def launch(name: str, *command: str, memory: str = "512m") -> None:
        with (cluster.logs / f"{name}.log").open("wb") as log:
            cluster.processes[name] = subprocess.Popen(
                command,
                # To the Thrift server this is the driver's memory, whatever `spark.driver.memory` says.
                env=environment | {"SPARK_DAEMON_MEMORY": memory},
                cwd=cluster.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own, so that Ctrl-C reaches the processes through `_stop` alone.
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    deadline = time.monotonic() + START_SECONDS
    progress(f"spark: starting a master and {WORKERS} workers")
    bound = ("--host", HOST, "--webui-port", "0")
    launch("master", spark_class, "org.apache.spark.deploy.master.Master", *bound, "--port", str(port))
    _wait(cluster, lambda: _is_open(port), "the master", deadline, progress)
    for number in range(1, WORKERS + 1):
        sizes = ("--cores", "1", "--memory", EXECUTOR_MEMORY, "--work-dir", str(cluster.home / "work"))
        launch(f"worker-{number}", spark_class, "org.apache.spark.deploy.worker.Worker", *bound, *sizes, master)
    progress("spark: starting the Thrift server")
    launch("thrift-server", *_thrift_server(cluster, spark, master), memory=DRIVER_MEMORY)
    _wait(cluster, lambda: _answers(cluster.port), "the Thrift server", deadline, progress)
    progress(f"spark: ready on {HOST}:{cluster.port}")


def _thrift_server(cluster: Cluster, spark: Path, master: str) -> list[str]:
    settings = SETTINGS | SMALL_DATA | {
        "spark.sql.warehouse.dir": str(cluster.tables),
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.driver.extraJavaOptions": f"{JAVA_OPTIONS} -Xms3g -Xmn2g -Djava.io.tmpdir={cluster.home / 'scratch'}",
        "spark.executor.extraJavaOptions": EXECUTOR_JAVA_OPTIONS,
    }  # fmt: skip
    hive = {
        "hive.server2.thrift.bind.host": HOST,
        "hive.server2.thrift.port": str(cluster.port),
        "hive.exec.scratchdir": str(cluster.home / "scratch"),
        "hive.exec.local.scratchdir": str(cluster.home / "scratch"),
    }
    return [
        str(spark / "bin" / "spark-submit"),
        *("--master", master),
        *("--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"),
        *(part for name, value in settings.items() for part in ("--conf", f"{name}={value}")),
        "spark-internal",
        *(part for name, value in hive.items() for part in ("--hiveconf", f"{name}={value}")),
    ]  # fmt: skip


def _wait(cluster: Cluster, is_ready: Callable[[], bool], what: str, deadline: float, progress: Progress) -> None:
    began = time.monotonic()
    while not is_ready():
        for name, process in cluster.processes.items():
            if process.poll() is not None:
                raise CheckFailed(f"spark: {name} stopped while it started; its log is {cluster.logs / name}.log")
        if time.monotonic() > deadline:
            raise CheckFailed(f"spark: {what} is not ready after {START_SECONDS} s; the logs are in {cluster.logs}")
        tell_share(progress, int(time.monotonic() - began), START_SECONDS)
        time.sleep(0.5)


def _stop(cluster: Cluster, progress: Progress) -> None:
    """End every process with its children: the Thrift server first."""
    running = [process for process in reversed(cluster.processes.values()) if process.poll() is None]
    if running:
        progress("spark: stopping")
    for process in running:
        _signal_group(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    for process in cluster.processes.values():
        # Executors are in the group of their worker and may outlive it.
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _die_with_parent() -> None:
    """In a new process: end when the parent ends, even if that is killed. Only Linux can do this."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Lets SIGTERM end the block like Ctrl-C, so that its `finally` runs."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:
        # Not in the main thread, which alone receives signals.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _session(port: int) -> Iterator[Any]:
    from pyhive import hive

    connection = hive.connect(host=HOST, port=port, username="segmentation")
    try:
        cursor = connection.cursor()
        yield cursor
        cursor.close()
    finally:
        connection.close()


def _answers(port: int) -> bool:
    if not _is_open(port):
        return False
    try:
        with _session(port) as cursor:
            cursor.execute("select 1")
            return bool(cursor.fetchall())
    # Whatever the driver raises while the server is starting.
    except Exception:
        return False


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _spark_home() -> Path:
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None or importlib.util.find_spec("pyhive") is None:
        raise UserError("pyspark: not installed; `make test-spark` installs it, or `pip install '.[spark]'`")
    return Path(found.origin).parent


def _java() -> str:
    """The Java program. Raises UserError when there is none, or one that Spark does not run on."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if java is None:
        raise UserError("java: not found; install Debian's openjdk-17-jre-headless, or set JAVA_HOME")
    told = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) < JAVA_VERSIONS[0]:
        wanted = " or ".join(map(str, JAVA_VERSIONS))
        raise UserError(f"{java}: Spark needs Java {wanted}; install Debian's openjdk-17-jre-headless")
    return java
