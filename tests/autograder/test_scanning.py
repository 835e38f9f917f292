"""Which lines an instructor is pointed to, and which honest ones not."""

from __future__ import annotations

import pytest

from autograder.grader.scanning import suspicious_lines, tampering
from autograder.protocol.messages import Cell
from autograder.worker.source import MENTIONS_LIMIT, ParsedSource

FORBIDDEN = {"dropout_layer": ("*dropout*",), "Net": ("*dropout*",)}
IN_LAYER = "def dropout_layer(X, dropout):\n    "
IN_NET = "class Net(nn.Module):\n    def __init__(self, dropout1):\n        "

HONEST = {
    "a parameter": IN_LAYER + "return X * (torch.rand(X.shape) > dropout) / (1 - dropout)",
    "an attribute of one's own": IN_NET + "self.dropout1 = dropout1\n        self.p = self.dropout1",
    "a method of one's own": IN_NET + "self._dropout(dropout1)\n    def _dropout(self, p): ...",
    "a word in a message": IN_LAYER + "raise ValueError('dropout')",
    "a function of one's own": "def dropout_mask(p): ...\n" + IN_LAYER + "return dropout_mask(dropout)",
    "the modules of a network": IN_NET + "print(sys.argv)\ndef evaluate(net):\n    return list(net.modules())",
    "a name made up of parts, of one's own": IN_NET + "self.a1 = 1; getattr(self, f'a{1}')",
    "a variable": IN_LAYER + "gc = X.mean(); return gc",
    "a look whether this is Colab": "if 'google.colab' in sys.modules:\n    print('Colab')\n" + IN_LAYER + "return X",
    "a folder of one's own": "import sys\nsys.path.append('..')\n" + IN_LAYER + "return X",
    "an import that is not used for it": "import inspect, gc, pickle\n" + IN_LAYER + "return X",
    "a plot's helper": IN_LAYER + "return X\ndef show(net):\n    print(inspect.getsource(net), vars(net))",
    "an exercise that was lost": IN_LAYER + "return dropout(X)",
    "elsewhere": "def make_dropout_net(p):\n    return nn.Dropout(p)",
}
SUSPICIOUS = {
    "torch's own": (
        IN_LAYER + "return torch.dropout(X, dropout, True)",
        "mentions dropout, which dropout_layer is asked",
    ),
    "under a variable of its name": (IN_LAYER + "dropout = F.dropout; return dropout(X)", "mentions dropout, which"),
    "by its name in quotes": (IN_LAYER + "return getattr(F, 'alpha_dropout')(X)", "mentions alpha_dropout, which"),
    "imported": (IN_LAYER + "from torch.nn.functional import feature_dropout as f", "mentions feature_dropout, which"),
    "the table of modules": (IN_LAYER + "return sys.modules['torch']", "mentions modules, which can hide"),
    "exec": (IN_LAYER + "exec('...')", "mentions exec, which can hide"),
    "a computed name": (IN_LAYER + "return getattr(F, 'drop' + 'out')(X)", "mentions a computed name, which can hide"),
    "in a function it calls": (
        "import torch\ndef helper(x): return inner(x)\ndef inner(x): return F.dropout(x)\n"
        + IN_LAYER
        + "return helper(X)",
        "dropout.py:3 mentions dropout, which dropout_layer is asked to build",
    ),
    "getattr handed on": (IN_LAYER + "return list(map(getattr, [F], [X]))", "mentions a computed name, which can hide"),
    "a pickle": ("import pickle\n" + IN_LAYER + "return pickle.loads(b'')(X)", "mentions pickle, which can hide"),
    "hints that are evaluated": (
        IN_LAYER + "return typing.get_type_hints(f)",
        "mentions get_type_hints, which can hide",
    ),
    "torch.library": (IN_LAYER + "torch.library.define('a::b', '')", "mentions library, which can hide"),
    "where modules come from": (IN_LAYER + "sys.meta_path.pop()", "mentions meta_path, which can hide"),
    "at the top, where nothing is defined": ("exec('...')\n" + IN_LAYER + "return X", "dropout.py:1 mentions exec"),
    "reaching for the record": (IN_LAYER + "torch._C._log()", "mentions _C, which can hide"),
}


def remarks(source: str, exercises: tuple[str, ...] = ()) -> list[str]:
    return suspicious_lines(ParsedSource([Cell("dropout.py", source)]).statements, FORBIDDEN, exercises)


@pytest.mark.parametrize("what", HONEST)
def test_honest_code_is_not_remarked_on(what: str):
    assert remarks(HONEST[what], ("dropout",)) == []


@pytest.mark.parametrize("what", SUSPICIOUS)
def test_what_could_hide_an_operator_is_remarked_on(what: str):
    source, said = SUSPICIOUS[what]
    assert [said in remark for remark in remarks(source)] == [True]


@pytest.mark.parametrize(
    "line",
    [
        "torch._decomp.decompositions",
        "match torch:\n        case object(_C=core): return core",
        "return sys.getprofile()",
        "torch.library.custom_op('a::b', f, mutates_args=())",
        "import torch._refs as r",
        "operator.attrgetter('_C.DisableTorchFunction')(torch)",
        "; ".join(f"X.a{k}" for k in range(MENTIONS_LIMIT + 1)) + "; torch._C",
    ],
)
def test_private_parts_of_torch_are_found_under_every_spelling(line: str):
    assert tampering(ParsedSource([Cell("dropout.py", IN_LAYER + line[: 10**6])]).statements)


def test_a_statement_that_reaches_for_the_record_forfeits_exercises_with_a_rule():
    statements = ParsedSource([Cell("dropout.py", "x = 1\n" + IN_LAYER + "torch._C._log()")]).statements
    assert tampering(statements) == "dropout.py, line 3 mentions _C"
