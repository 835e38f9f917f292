"""What a kernel runs, a grader runs: cells that are no plain Python, and what holds from one statement to the next."""

from __future__ import annotations

import ast

import pytest

from autograder.submissions.cells import Cell
from autograder.worker.source import ParsedSource


def read(*cells: str) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """The statements of a notebook and its problems, each with its line."""
    parsed = ParsedSource([Cell(f"cell {n}", source) for n, source in enumerate(cells, 1)])
    statements = [(s.line, ast.unparse(node)) for s, node in zip(parsed.statements, parsed.nodes, strict=True)]
    return statements, [(p.line, p.error) for p in parsed.problems]


@pytest.mark.parametrize(
    ("cell", "statements"),
    [
        ("    a = 1\n    b = 2\n", [(1, "a = 1"), (2, "b = 2")]),
        ("%time a = f(1)", [(1, "a = f(1)")]),
        ("%timeit -n 10 -r3 f(1)", [(1, "f(1)")]),
        ("%prun -s cumulative -l 5 f(1)", [(1, "f(1)")]),
        ("%lprun -f softmax softmax(X)", [(1, "softmax(X)")]),
        ("a = %time f(1)", [(1, "a = f(1)")]),
        ("def g(x):\n    %time e = f(x)\n    return e", [(1, "def g(x):\n    e = f(x)\n    return e")]),
        ("\n%%time\na = 1", [(3, "a = 1")]),
        ("%%prun -s cumulative\n\ndef g():\n    return 1", [(3, "def g():\n    return 1")]),
        ("%%capture out\n%%time\na = 1", [(3, "a = 1")]),
        ("```python\na = 1\n```", [(2, "a = 1")]),
        ("a = 1\n```", [(1, "a = 1")]),
        (">>> a = 1\n>>> b = 2", [(1, "a = 1"), (2, "b = 2")]),
        ("In [3]: def f():\n   ...:     return 1", [(1, "def f():\n    return 1")]),
        ("a = 1\r\n%time b = 2\r\nc = 3\r\n", [(1, "a = 1"), (2, "b = 2"), (3, "c = 3")]),
        ('s = """\nabc\n"""\n%time b = 2', [(1, "s = '\\nabc\\n'"), (4, "b = 2")]),
        ("%time", [(1, "get_ipython().run_line_magic('time', '')")]),
        ("%time 1 +", [(1, "get_ipython().run_line_magic('time', '1 +')")]),
        ("%matplotlib inline", [(1, "get_ipython().run_line_magic('matplotlib', 'inline')")]),
        ("if a:\n    !pip install d2l", [(1, "if a:\n    get_ipython().system('pip install d2l')")]),
        ("files = !ls", [(1, "files = get_ipython().getoutput('ls')")]),
        ("softmax?\na = 1", [(1, "get_ipython().run_line_magic('pinfo', 'softmax')"), (2, "a = 1")]),
        ("!pip install \\\n  d2l\na = 1", [(1, "get_ipython().system('pip install    d2l')"), (3, "a = 1")]),
        ("get_ipython().run_line_magic('time', 'a = 1')", [(1, "get_ipython().run_line_magic('time', 'a = 1')")]),
    ],
)
def test_a_cell_is_read_as_a_kernel_reads_it(cell: str, statements: list[tuple[int, str]]):
    assert read(cell) == (statements, [])


@pytest.mark.parametrize("magic", ["bash", "script python2", "writefile helper.py", "html", "cython"])
def test_a_cell_that_is_no_python_is_left_out_by_name(magic: str):
    statements, [(line, said)] = read("a = 1", f"%%{magic}\nsoftmax = 3")
    assert statements == [(1, "a = 1")]
    assert line == 1
    assert "left out" in said
    assert f"%%{magic.split()[0]}" in said


def test_a_magic_beside_broken_code_is_run_still():
    statements, [(line, said)] = read("def f(x:\n    return x\n%time a = 1\nb = 2\n")
    assert statements == [(3, "a = 1"), (4, "b = 2")]
    assert (line, said) == (1, "SyntaxError: '(' was never closed")


def test_an_error_below_a_cell_magic_has_the_line_it_stands_in():
    _, [(line, _said)] = read("%%time\n%%capture\na = 1\ndef f(:\n    pass\n")
    assert line == 4


def run(*cells: str) -> dict[str, object]:
    parsed = ParsedSource([Cell(f"cell {n}", source) for n, source in enumerate(cells, 1)])
    names: dict[str, object] = {}
    for index in range(len(parsed.statements)):
        exec(parsed.code(index), names)
    return names


@pytest.mark.parametrize(
    "cells",
    [
        ("from __future__ import annotations\nx: Nobody = 1",),
        ("from __future__ import annotations", "def f(a: Nobody) -> Nobody: pass"),
        ('"""Title."""\nfrom __future__ import annotations, division\nclass Net:\n    def f(self, other: Net): pass',),
        ("import math\nfrom __future__ import annotations\nx: Nobody = 1",),
        ("%%time\nfrom __future__ import annotations\n", "%time 1\nx: Nobody = 1"),
    ],
)
def test_an_import_from_the_future_holds_from_there_on(cells: tuple[str, ...]):
    run(*cells)


def test_without_it_an_annotation_is_evaluated():
    with pytest.raises(NameError, match="Nobody"):
        run("x: Nobody = 1", "from __future__ import annotations")


@pytest.mark.parametrize(
    "line", ['x = f"{a["b"]}"', "type A = int", "def f[T](x: T): pass", "try: pass\nexcept A, B: pass"]
)
def test_newer_syntax_is_told_apart_from_mistakes(line: str):
    _, [(_line, said)] = read(line)
    assert "does not know newer syntax" in said


@pytest.mark.parametrize("line", ["x = (1", "def f(x) return x", "type = = 3", "x = 1 +"])
def test_older_mistakes_are_not_blamed_on_the_version(line: str):
    _, [(_line, said)] = read(line)
    assert "newer" not in said
