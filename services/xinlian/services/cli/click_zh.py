"""The words of click itself in Chinese: headings of the help, errors of arguments.

click asks gettext for them through a name in each of its modules; here that name is ours, which
looks at the language of this run at every call.
"""

from __future__ import annotations

from typing import Any, Final

import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.types
from xinlian.services.cli.i18n import language

__all__ = ["install"]

WORDS: Final[dict[str, str]] = {
    "Usage:": "用法：",
    "Options": "选项",
    "Positional arguments": "参数",
    "Commands": "命令",
    "Show this message and exit.": "显示此帮助并退出。",
    "default: {default}": "默认：{default}",
    "required": "必填",
    "(dynamic)": "（动态）",
    "Missing command.": "缺少命令。",
    "Missing argument": "缺少参数",
    "Missing option": "缺少选项",
    "Missing parameter": "缺少参数",
    "Missing {param_type}": "缺少 {param_type}",
    "Missing parameter: {param_name}": "缺少参数：{param_name}",
    "No such option {name!r}.": "没有选项 {name}。",
    "No such command {name!r}.": "没有命令 {name}。",
    "Did you mean {possibility}?": "是否指 {possibility}？",
    "(Did you mean one of: {possibilities}?)": "（是否指其一：{possibilities}？）",
    "Invalid value: {message}": "取值无效：{message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} 取值无效：{message}",
    "Choose from:\n\t{choices}": "可选：\n\t{choices}",
    "{value!r} is not {choice}.": "{value} 不是 {choice}。",
    "{value!r} is not one of {choices}.": "{value} 不在可选值 {choices} 之中。",
    "{value!r} is not a valid {number_type}.": "{value} 不是有效的数字（{number_type}）。",
    "Got unexpected extra argument ({args})": "多余的参数（{args}）",
    "Got unexpected extra arguments ({args})": "多余的参数（{args}）",
    "Option {name!r} requires an argument.": "选项 {name} 需要一个值。",
    "Option {name!r} requires {nargs} arguments.": "选项 {name} 需要 {nargs} 个值。",
    "Option {name!r} does not take a value.": "选项 {name} 不带值。",
    "file": "文件",
    "directory": "文件夹",
    "path": "路径",
    "{name} {filename!r} does not exist.": "{name} {filename} 不存在。",
}

_MODULES: Final[tuple[Any, ...]] = (
    click.core,
    click.decorators,
    click.exceptions,
    click.formatting,
    click.parser,
    click.types,
)


def install() -> None:
    """Let click speak the language of this run."""
    for module in _MODULES:
        for name, ours in (("_", _one), ("ngettext", _many)):
            if hasattr(module, name):
                setattr(module, name, ours)


def _one(message: str) -> str:
    return WORDS.get(message, message) if language() == "zh" else message


def _many(singular: str, plural: str, count: int) -> str:
    return _one(singular if count == 1 else plural)
