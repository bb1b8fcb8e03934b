"""Tasks run on Dask as they do in line, whatever dies in the middle, and what cannot be used is told in one sentence."""

from __future__ import annotations

import operator
import os
import pickle
import re
import signal
import stat
import sys
import threading
from types import ModuleType

import dask
import dask_jobqueue  # noqa: F401 - its defaults come before the settings of the tests
import pytest

import cluster_tasks
from spectrove.errors import ExecutorError, PoolError
from spectrove.execution import DaskExecutor, make_executor
from spectrove.execution import cluster as module
from spectrove.execution.cluster import slurm_cluster
from spectrove.execution.local import ONE_THREAD
from spectrove.execution.worker import carry_out, environment


def test_results_come_in_the_order_of_the_tasks(cluster):
    assert list(cluster.run(cluster_tasks.doubled_late, range(12))) == list(range(0, 24, 2))
    assert list(cluster.run(cluster_tasks.doubled_late, [])) == []


def test_equal_tasks_are_all_run(cluster):
    assert len(set(cluster.run(cluster_tasks.mark, ["the same"] * 8))) == 8


class _Unreachable:
    """A result that is told of and never comes, as that of a worker that has just died."""

    status = "finished"

    def done(self):
        return True

    def result(self, timeout):
        raise TimeoutError(timeout)

    def cancel(self):
        self.status = "cancelled"


def test_a_task_whose_result_does_not_come_is_run_again(cluster, monkeypatch):
    really, lost = cluster._send, [_Unreachable(), _Unreachable()]
    waiting = list(lost)
    monkeypatch.setattr(cluster, "_send", lambda order: waiting.pop() if waiting else really(order))
    assert list(cluster.run(cluster_tasks.doubled_late, [1, 2, 3])) == [2, 4, 6]
    assert [future.status for future in lost] == ["cancelled"] * 2


def test_results_that_never_come_end_in_one_sentence(cluster, monkeypatch):
    monkeypatch.setattr(cluster, "_send", lambda order: _Unreachable())
    monkeypatch.setattr(cluster._client, "cancel", lambda futures: None)
    with pytest.raises(ExecutorError, match=r"did not come from its worker within 30 s, 4 times\. Look into"):
        list(cluster.run(cluster_tasks.doubled_late, [1]))


def test_tasks_are_taken_as_they_are_needed_and_those_that_wait_are_dropped(cluster):
    taken = []

    def tasks():
        for number in range(1000):
            taken.append(number)
            yield 0.05

    results = cluster.run(cluster_tasks.process_of, tasks())
    next(results)
    assert len(taken) == 8
    results.close()
    assert list(cluster.run(cluster_tasks.doubled_late, [1])) == [2]


def test_an_error_of_a_task_comes_through_as_it_is(cluster):
    with pytest.raises(TypeError, match="'str' object cannot be interpreted as an integer"):
        list(cluster.run(operator.index, [1, "2", 3]))
    with pytest.raises(PoolError, match=r"^pool: the number 7 is refused$"):
        list(cluster.run(cluster_tasks.refuse, [7]))


def test_a_process_that_is_one_of_many_computes_on_one_thread(cluster):
    assert list(cluster.run(cluster_tasks.told_threads, [list(ONE_THREAD)])) == [{"1"}]


def test_tasks_whose_worker_dies_are_run_again(cluster, tmp_path):
    mark = str(tmp_path / "mark")
    assert list(cluster.run(cluster_tasks.die_once, [mark, mark])) == [mark, mark]


def test_workers_that_are_killed_from_outside_change_nothing(cluster):
    results = cluster.run(cluster_tasks.process_of, [0.1] * 12)
    first = next(results)
    os.kill(first, signal.SIGKILL)
    later = list(results)
    assert len(later) == 11
    assert later[-1] != first


def test_a_task_that_ends_every_worker_is_one_sentence(cluster, monkeypatch):
    monkeypatch.setattr(cluster._cluster.scheduler, "allowed_failures", 0)
    with pytest.raises(ExecutorError, match=r"^local: a task has ended 1 workers.* memory is short"):
        list(cluster.run(cluster_tasks.die, [None]))


def test_a_running_scheduler_is_joined_and_left_running(cluster, scheduler_file):
    for name in (str(scheduler_file), cluster._cluster.scheduler_address):
        with make_executor(1, name) as joined:
            assert list(joined.run(cluster_tasks.doubled_late, [10, 11])) == [20, 22]
    assert list(cluster.run(cluster_tasks.doubled_late, [12])) == [24]


def test_where_nobody_listens_is_one_sentence(monkeypatch):
    monkeypatch.setattr(module, "CONNECT_WITHIN", 0.2)
    with pytest.raises(ExecutorError, match=r"^scheduler 'tcp://127\.0\.0\.1:9': does not answer .*Start it") as caught:
        make_executor(1, "tcp://127.0.0.1:9")
    assert "\n" not in str(caught.value)


def test_a_scheduler_without_workers_is_one_sentence(monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr(module, "WORKERS_WITHIN", 0.2)
    said = r"no worker for 0\.2 s\. Start some with `dask worker"
    with LocalCluster(n_workers=0, dashboard_address=":0") as empty, pytest.raises(ExecutorError, match=said):
        make_executor(1, empty.scheduler_address)


def test_a_scheduler_that_is_lost_is_one_sentence():
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=":0") as lost:
        joined = make_executor(1, lost.scheduler_address)
        results = joined.run(cluster_tasks.doubled_late, range(100))
        assert next(results) == 0
    with pytest.raises(ExecutorError, match="the scheduler was lost"):
        list(results)
    joined.close()


@pytest.mark.parametrize(
    ("scheduler", "said"),
    [
        ("nonsense", "no such file, and it is not local, slurm"),
        ("udp://host:8786", "expected tcp://HOST:PORT or tls://HOST:PORT"),
        (__file__, "was not written by `dask scheduler --scheduler-file`"),
        ("/", "cannot be read"),
    ],
)
def test_what_is_no_scheduler_is_refused(scheduler, said):
    with pytest.raises(ExecutorError, match=said) as caught:
        make_executor(1, scheduler)
    assert str(caught.value).startswith(f"scheduler {scheduler!r}: ")


@pytest.mark.parametrize(
    ("scheduler", "package"), [("local", "distributed"), ("tcp://a:1", "distributed"), ("slurm", "dask_jobqueue")]
)
def test_a_package_that_is_absent_is_named(monkeypatch, scheduler, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ExecutorError, match=rf"the package {package} is not installed\. Run: pip install 'spectrove\[cluster\]'"):
        make_executor(2, scheduler)


@pytest.mark.parametrize("scheduler", [None, "local", "slurm"])
def test_there_is_at_least_one_worker(scheduler):
    with pytest.raises(ValueError, match="workers must be at least 1"):
        make_executor(0, scheduler)


def test_a_worker_of_several_threads_runs_one_task_at_a_time():
    sent = pickle.dumps((cluster_tasks.note_overlap, None))
    threads = [threading.Thread(target=carry_out, args=(sent, environment())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cluster_tasks.overlaps == [0] * 4


@pytest.mark.parametrize("name", ["python", "spectrove", "numpy", "torch"])
def test_a_worker_with_other_software_runs_nothing(name):
    sent = pickle.dumps((cluster_tasks.refuse, 1))
    with pytest.raises(ExecutorError, match=rf"^a worker on .*: {name} is .*, expected 0\.1 as where the command runs"):
        carry_out(sent, {**environment(), name: "0.1"})


def test_a_worker_without_the_software_says_so(monkeypatch):
    gone = ModuleType("gone")
    exec("def work(task): pass", gone.__dict__)
    with monkeypatch.context() as here:
        here.setitem(sys.modules, "gone", gone)
        sent = pickle.dumps((gone.work, None))
    with pytest.raises(ExecutorError, match=r"cannot import what it is to run \(No module named 'gone'\)"):
        carry_out(sent, environment())


def test_a_scheduler_of_another_version_is_refused(cluster, monkeypatch):
    there = {
        "client": {"packages": {"dask": "1", "distributed": "2"}},
        "scheduler": {"packages": {"dask": "1", "distributed": "3"}},
    }
    monkeypatch.setattr(cluster._client, "get_versions", lambda: there)
    with pytest.raises(ExecutorError, match=r"^scheduler 'here': distributed is 3, expected 2"):
        module._compare_versions("here", cluster._client)


JOB = {
    "jobqueue.slurm.cores": 2,
    "jobqueue.slurm.memory": "1GB",
    "jobqueue.slurm.walltime": "00:07:00",
    "jobqueue.slurm.queue": "stars",
}


def test_a_job_of_slurm_has_a_worker_for_each_core_of_one_thread_each():
    with dask.config.set({**JOB, "jobqueue.slurm.job-script-prologue": ["module load stars"]}), slurm_cluster() as cluster:
        lines = cluster.job_script().splitlines()
    assert {"#SBATCH -p stars", "#SBATCH -t 00:07:00", "#SBATCH --cpus-per-task=2", "#SBATCH --mem=954M"} <= set(lines)
    assert lines.index("module load stars") < lines.index("export OMP_NUM_THREADS=1")
    assert re.search(r" --nthreads 1 .*--nworkers 2 ", lines[-1])


def test_what_slurm_lacks_is_one_sentence(monkeypatch):
    with pytest.raises(ExecutorError, match="do not say how large a job is"):
        DaskExecutor.slurm(1)
    monkeypatch.setenv("PATH", "/nowhere")
    with dask.config.set(JOB), pytest.raises(ExecutorError, match="there is no command sbatch here"):
        DaskExecutor.slurm(1)


LOCAL = {
    "jobqueue.slurm.interface": "lo",
    "jobqueue.slurm.cores": 1,
    "jobqueue.slurm.scheduler-options": {"dashboard": False},
}


def test_jobs_that_slurm_refuses_are_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "sbatch").write_text("#!/bin/sh\necho 'sbatch: error: invalid partition specified: stars' >&2\nexit 1\n")
    (tmp_path / "sbatch").chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    with (
        dask.config.set({**JOB, **LOCAL}),
        pytest.raises(ExecutorError, match=r"^slurm: the jobs are refused \(.*invalid partition"),
    ):
        DaskExecutor.slurm(1)


def test_jobs_of_slurm_do_the_work_and_are_ended(tmp_path, monkeypatch):
    commands = {
        "sbatch": f"""
            [ "$1" = --test-only ] && exit
            cp "$1" {tmp_path}/job; setsid sh {tmp_path}/job > {tmp_path}/log 2>&1 & echo "Submitted batch job $!"
        """,
        "scancel": f'echo "$@" >> {tmp_path}/cancelled; for job in "$@"; do kill -- -$job; done',
    }
    for name, text in commands.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    with dask.config.set({**JOB, **LOCAL}), make_executor(1, "slurm") as executor:
        assert list(executor.run(abs, [-1, -2])) == [1, 2]
    assert (tmp_path / "cancelled").read_text().strip()
