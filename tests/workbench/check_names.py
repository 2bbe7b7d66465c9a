"""`python tests --webui-path DIR`: every public name of the workbench's `modules` is in a WebUI's sources, alike.

Both are read with `ast`; nothing of the WebUI is run. Alike is: a function or method of that name with the same
parameters in the same order, the same ones optional; a class of that name; an attribute or variable of that name.
Also: every setting, and every function of the page's scripts. What a known host has otherwise stands, with its reason,
in `host_differences.py`; anything else fails.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from host_differences import host_of, unexplained

WORKBENCH = Path(__file__).resolve().parent
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Names:
    """What a module or class defines: functions, classes with their bases' names, and everything else by name."""

    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, Names] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    bases: list[str] = field(default_factory=list)
    private_imports: dict[str, str] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return name in self.functions or name in self.classes or name in self.others


def read(body: list[ast.stmt]) -> Names:
    """The names of a module's or class's body; those in its `if`, `try` and `with` count as well."""
    names = Names()
    for statement in body:
        if isinstance(statement, Function):
            names.functions.setdefault(statement.name, statement)
            names.others.update(_assigned(statement))
        elif isinstance(statement, ast.ClassDef):
            made = read(statement.body)
            made.bases = [ast.unparse(base).rsplit(".", 1)[-1] for base in statement.bases]
            names.classes[statement.name] = made
            names.others.update(made.others)
        elif isinstance(statement, ast.If | ast.Try | ast.With):
            inner = read([each for part in _parts(statement) for each in part])
            names.functions |= inner.functions
            names.classes |= inner.classes
            names.others |= inner.others
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            names.others.update(alias.asname or alias.name for alias in statement.names)
            if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("modules._"):
                names.private_imports |= {alias.name: statement.module or "" for alias in statement.names}
        else:
            names.others.update(_assigned(statement))
    return names


def _parts(statement: ast.If | ast.Try | ast.With) -> Iterator[list[ast.stmt]]:
    for part in ("body", "orelse", "finalbody"):
        yield getattr(statement, part, [])


def _assigned(tree: ast.AST) -> Iterator[str]:
    """Every name and attribute that is assigned anywhere in a tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def parameters(function: Function) -> list[str]:
    """A function's parameters as texts to compare: "*" and "**" kept, "?" after optional ones."""
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    optional = len(plain) - len(arguments.defaults)
    texts = [each.arg + ("?" if i >= optional else "") for i, each in enumerate(plain)]
    texts += [f"*{arguments.vararg.arg}"] if arguments.vararg else []
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults)
    texts += sorted(f"{each.arg}=" + ("?" if default else "") for each, default in pairs)
    return texts + ([f"**{arguments.kwarg.arg}"] if arguments.kwarg else [])


class Comparison:
    """Collects what the host lacks or has otherwise."""

    def __init__(self, host: Path) -> None:
        self.host = host
        self.problems: list[str] = []
        files = [*host.glob("modules/*.py"), *host.glob("modules/api/*.py")]
        self.host_modules = {file.relative_to(host).as_posix(): _read_file(file) for file in files}
        self.host_classes = {
            name: made for module in self.host_modules.values() for name, made in module.classes.items()
        }

    def module(self, file: Path) -> None:
        """Compare a module of the workbench with the host's of the same path."""
        path = file.relative_to(WORKBENCH).as_posix()
        own = _read_file(file)
        for name, private in own.private_imports.items():
            source = _read_file(WORKBENCH / f"{private.replace('.', '/')}.py")
            own.functions |= {name: source.functions[name]} if name in source.functions else {}
            own.classes |= {name: source.classes[name]} if name in source.classes else {}
        for made in list(own.classes.values()):
            for base in made.bases:
                if base.startswith("_") and base in own.classes:
                    made.functions = {**own.classes[base].functions, **made.functions}
        if path not in self.host_modules:
            self.problems.append(f"{path}: there is no such file")
            return
        self.names(own, self.host_modules[path], path)

    def names(self, own: Names, host: Names, where: str) -> None:
        """Compare functions, classes and variables."""
        for name, function in own.functions.items():
            if _public(name):
                self.function(function, self.inherited(host, name), f"{where}: {name}", host.has(name))
        for name, made in own.classes.items():
            if not _public(name):
                continue
            if name in host.classes:
                self.names(made, host.classes[name], f"{where}: {name}")
            elif not host.has(name):
                self.problems.append(f"{where}: there is no class {name}")

    def inherited(self, host: Names, name: str) -> Function | None:
        """A function of a module, or a method of a class or of its bases."""
        if name in host.functions:
            return host.functions[name]
        bases = [self.host_classes[base] for base in host.bases if base in self.host_classes]
        return next((found for base in bases if (found := self.inherited(base, name))), None)

    def function(self, own: Function, host: Function | None, where: str, otherwise: bool) -> None:
        """Compare two functions' parameters; a name that the host assigns (`a = b.a`) is taken as it is."""
        if host is None:
            if not otherwise and own.name != "__init__":
                self.problems.append(f"{where}: there is none")
        elif parameters(own) != parameters(host):
            mine, theirs = ", ".join(parameters(own)), ", ".join(parameters(host))
            self.problems.append(f"{where}({mine}): the WebUI has ({theirs})")

    def variables(self, file: Path) -> None:
        """Every public variable of a module, and every attribute that its classes declare, is assigned in the host."""
        path = file.relative_to(WORKBENCH).as_posix()
        host = self.host_modules.get(path)
        if host is None:
            return
        known = {name for module in self.host_modules.values() for name in module.others}
        for statement in ast.parse(file.read_text(encoding="utf-8")).body:
            body = statement.body if isinstance(statement, ast.ClassDef) and _public(statement.name) else []
            for name in [name for each in body for name in _targets(each)]:
                if name not in known:
                    self.problems.append(f"{path}: nothing assigns the attribute {name}")
            for name in _targets(statement):
                if not host.has(name):
                    self.problems.append(f"{path}: there is no {name}")

    def settings(self) -> None:
        """Every setting is one of the host's."""
        sys.path.insert(0, str(WORKBENCH))
        from modules import shared_options

        files = [self.host / "modules" / "shared_options.py", *self.host.glob("extensions-builtin/*/scripts/*.py")]
        text = "\n".join(file.read_text(encoding="utf-8") for file in files)
        for name in shared_options.options_templates:
            if f'"{name}": ' not in text and f"'{name}': " not in text:
                self.problems.append(f"modules/shared_options.py: there is no setting {name}")

    def page(self) -> None:
        """Every function of the page's scripts is one of the host's."""
        declared = re.compile(r"^(?:async )?function (\w+)", re.MULTILINE)
        sources = [self.host / "script.js", *self.host.glob("javascript/*.js")]
        known = {name for file in sources for name in declared.findall(file.read_text(encoding="utf-8"))}
        for file in sorted((WORKBENCH / "page").glob("*.js")):
            for name in declared.findall(file.read_text(encoding="utf-8")):
                if name not in known:
                    self.problems.append(f"{file.name}: there is no function {name}")


def _targets(statement: ast.stmt) -> list[str]:
    """The public names that a statement assigns."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [each.id for each in targets if isinstance(each, ast.Name) and not each.id.startswith("_")]


def _public(name: str) -> bool:
    return not name.startswith("_") or name == "__init__"


def _read_file(file: Path) -> Names:
    return read(ast.parse(file.read_text(encoding="utf-8")).body)


def main() -> int:
    """Prints what differs and is not explained; 1 if anything does."""
    comparison = Comparison(Path(sys.argv[1]).resolve())
    files = [*WORKBENCH.glob("modules/*.py"), *WORKBENCH.glob("modules/api/*.py")]
    public = [file for file in sorted(files) if not file.stem.startswith("_")]
    assert comparison.host_modules, f"{sys.argv[1]} has no modules/*.py: it is no WebUI's folder"
    for file in public:
        comparison.module(file)
        comparison.variables(file)
    comparison.settings()
    comparison.page()
    problems = unexplained(comparison.host, comparison.problems)
    explained = len(comparison.problems) - sum(1 for each in problems if each in comparison.problems)
    alike = f"All that the workbench's {len(public)} modules offer is in {host_of(comparison.host)[0]}, alike"
    print("\n".join(problems) or f"{alike}, but for {explained} differences that are known.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
