import os
import subprocess
import sys

from segnet_model.threads import limit_spinning


def test_a_persons_choice_stays():
    for choice in ({"OMP_WAIT_POLICY": "ACTIVE"}, {"GOMP_SPINCOUNT": "7"}):
        environment = dict(choice)
        limit_spinning(environment)
        assert environment == choice


def test_it_is_said_before_pytorch_is_there():
    code = (
        "import os, sys, segnet_model; "
        "assert 'torch' not in sys.modules; print(os.environ['GOMP_SPINCOUNT'])"
    )
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    }
    done = subprocess.run([sys.executable, "-c", code], env=clean, capture_output=True, text=True)
    assert done.stdout.strip() == "2000", done.stderr


def test_a_number_chosen_before_pytorch_is_imported_reaches_it_once():
    code = (
        "import sys; from segnet_model.threads import *; "
        "use_threads(1); assert 'torch' not in sys.modules and network_threads() == 1; "
        "share_with_torch(); import torch; assert torch.get_num_threads() == 1; "
        "torch.set_num_threads(3); share_with_torch(); print(network_threads())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "3", done.stderr


def test_a_number_reaches_pytorch_that_something_else_has_imported():
    code = (
        "from segnet_model.threads import *; import os; chosen = os.cpu_count() + 1; "
        "use_threads(chosen); import torch; print(network_threads() - chosen)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "0", done.stderr
