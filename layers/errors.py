"""What stops a build."""

from collections.abc import Sequence

MIB = 1024 * 1024


class BuildError(Exception):
    """The packages cannot be built; the text says which, why, and what to do."""


class GroupsError(BuildError):
    """`layers/groups.toml` contradicts itself, the lock file or the functions."""

    def __init__(self, problem: str, *, remedy: str) -> None:
        self.problem, self.remedy = problem, remedy
        super().__init__(f"layers/groups.toml: {problem}. {remedy}")


class BudgetError(BuildError):
    """A function with its layers is larger than we allow."""

    def __init__(self, *, function: str, size: int, budget: int, largest: Sequence[str]) -> None:
        self.function, self.size, self.budget, self.largest = function, size, budget, largest
        super().__init__(
            f"{function} with its layers has {size / MIB:.1f} MiB unzipped, allowed are {budget / MIB:.0f} (Lambda "
            f"refuses more than 250). Its largest files: {', '.join(largest)}. Drop what it does not load in "
            "layers/groups.toml, or take a layer from it."
        )


class ToolError(BuildError):
    """A program that the build calls has failed."""

    def __init__(self, *, task: str, output: str, remedy: str) -> None:
        self.task, self.output, self.remedy = task, output, remedy
        super().__init__(f"{task} failed:\n{output.strip()}\n{remedy}")
