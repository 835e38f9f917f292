"""Which GPUs a worker reaches, and if none, why: what student code can use counts, not what the machine has."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from autograder.grader.workers import Worker, WorkerError, Zygote, ZygoteError
from autograder.protocol.messages import Call, Probe, Raised, Returned

# CUDA's first start on a machine may read gigabytes of libraries.
GPU_SECONDS = 120.0

# A product with its gradient on every device needs what checks need: the driver, cuBLAS, autograd's threads.
REACH = Probe(
    "reach",
    """
def reach(names):
    count = torch.cuda.device_count()
    for index in range(count):
        x = torch.ones(2, 2, device=torch.device("cuda", index), requires_grad=True)
        (x @ x).sum().backward()
        if x.grad.sum().item() != 16:
            raise RuntimeError(f"GPU {index} computed a wrong gradient")
    return count
""",
)


class GpuError(ZygoteError):
    """CUDA does not come up in a worker: the machine's fault or the wall's, never the submission's."""


@dataclass(frozen=True)
class Hardware:
    """gpus: how many GPUs a worker reaches. reason: why it reaches none."""

    gpus: int = 0
    reason: str = ""

    @property
    def marks(self) -> frozenset[str]:
        """The hardware marks of checks that can be assessed here."""
        return frozenset((["gpu"] if self.gpus >= 1 else []) + (["multigpu"] if self.gpus >= 2 else []))


def hardware(zygote: Zygote) -> Hardware:
    """Find out what a worker for GPU checks reaches, by letting one compute on every GPU."""
    import torch

    if not torch.cuda.is_available():
        built = "finds no CUDA device and driver" if torch.backends.cuda.is_built() else "is built without CUDA"
        return Hardware(reason=f"torch {torch.__version__} {built}")
    try:
        with contextlib.closing(zygote.fork_gpu()) as worker:
            return Hardware(wake(worker))
    except ZygoteError as error:
        return Hardware(reason=str(error))


def wake(worker: Worker) -> int:
    """Start CUDA in a fresh worker, before it runs student code, so that no check pays for it; the number of GPUs.

    Raises GpuError.
    """
    try:
        reply = worker.ask(Call(REACH), GPU_SECONDS)
    except WorkerError as error:
        raise GpuError(f"CUDA does not come up in a worker: {error}") from error
    if isinstance(reply, Returned) and isinstance(reply.value, int) and reply.value > 0:
        return reply.value
    worker.close()
    said = f"{reply.type_name}: {reply.message}" if isinstance(reply, Raised) else "it counts no device"
    raise GpuError(f"CUDA does not come up in a worker: {said.splitlines()[0]}")
