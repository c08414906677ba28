"""The number of a fleet's workers, on clusters that are described and not started."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.fleet.job import Input, Task
from segnet_model.fleet.pool import Pool, Size
from segnet_model.fleet.storage import Output

pytest.importorskip("ray", reason="the extra [fleet] is not installed")


def pool_on(out, size, *nodes):
    """A pool on nodes with these cores and GPUs, the last of which is gone; it starts none."""
    pool = Pool(None, Output(str(out)), size)
    described = [{"Alive": True, "Resources": {"CPU": c, "GPU": g}} for c, g in nodes]
    described[-1]["Alive"] = False
    pool._ray = SimpleNamespace(nodes=lambda: described)
    pool._new = lambda: pytest.fail("a worker starts for which no machine has room")
    return pool


@pytest.mark.parametrize("size", [Size(cpus=8), Size(cpus=1, gpus=2)])
def test_a_worker_does_not_spread_over_machines(size, tmp_path):
    pool = pool_on(tmp_path, size, (4.0, 1.0), (4.0, 1.0), (64.0, 8.0))
    with pytest.raises(SettingsError, match="no machine of the cluster has"):
        pool.run([Task("a-1", Input("/a", 1))], None)


@pytest.mark.parametrize(
    ("size", "workers"),
    [(Size(cpus=4), 2), (Size(cpus=1, gpus=0.5), 6), (Size(cpus=3, gpus=1), 3), (Size(7, 9), 7)],
)
def test_workers_are_as_many_as_fit_on_the_machines(size, workers, tmp_path):
    assert pool_on(tmp_path, size, (6.0, 2.0), (6.0, 1.0), (6.0, 6.0))._most() == workers
