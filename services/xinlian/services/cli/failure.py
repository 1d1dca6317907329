"""How the command line fails: one readable block, and an exit code that a script can tell apart."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from xinlian.services.cli.i18n import language, text


class Exit(IntEnum):
    """Exit codes. 130 is an interruption (Ctrl-C)."""

    OK = 0
    REFUSED = 1
    """The network or the file said no: nothing was changed, or the answer was an error."""
    USAGE = 2
    """The command was not understood: wrong arguments, a file that cannot be read."""
    UNREACHABLE = 3
    """No API or node answered."""
    NO_ACCESS = 4
    """No token, or one without the right."""
    BOOKS = 5
    """A check of the books failed: something does not add up."""
    INTERRUPTED = 130


EXIT_CODES_HELP: Final = {
    "en": "Exit codes: 0 done; 1 refused; 2 wrong usage or file; 3 nothing answers; 4 no access; "
    "5 the books do not add up; 130 interrupted.",
    "zh": "退出码：0 完成；1 被拒绝；2 用法或文件错误；3 无应答；4 无权限；5 账目不平；130 中断。",
}


class CliError(Exception):
    """What happened, where, and what to do about it; ends the command with an exit code.

    ``problem`` is the stable code of the API's refusal, ``field`` the place that it names.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        todo: str = "",
        code: Exit = Exit.REFUSED,
        problem: str = "",
        field: str = "",
    ):
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo
        self.code = code
        self.problem = problem
        self.field = field

    def as_json(self) -> dict[str, object]:
        """The same for machines; ``code`` is the stable code of the API's problem, if any."""
        return {
            "error": {
                "exit": int(self.code),
                "code": self.problem or self.code.name.lower(),
                "message": self.what,
                "where": self.where,
                "what_to_do": self.todo,
                "field": self.field,
            }
        }

    def block(self) -> str:
        """The text for people, in one block."""
        lang = language()
        lines = [f"{text('error', lang)}: {self.what}"]
        if self.where:
            lines.append(f"  {text('where', lang)}: {self.where}")
        if self.todo:
            lines.append(f"  {text('todo', lang)}: {self.todo}")
        return "\n".join(lines)
