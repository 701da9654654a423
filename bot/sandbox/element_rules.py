"""The rules of each kind of block element: buttons, selects, options, inputs, confirmations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox.complaints import Complaints
from bot.sandbox.roster import Json

SELECTS = {
    f"{many}{what}_select"
    for many in ("", "multi_")
    for what in ("static", "external", "users", "conversations", "channels")
}
INPUTS = {
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
    "datepicker",
    "timepicker",
    "datetimepicker",
    "checkboxes",
    "radio_buttons",
    "file_input",
} | SELECTS
PICKERS = {"datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons"}
IN_ACTIONS = {"button", "overflow", "workflow_button"} | PICKERS | SELECTS
IN_SECTION = IN_ACTIONS | {"image"}


def element_complaints(element: object, allowed: set[str], where: str, said: Complaints) -> None:
    """What is wrong with one element standing where only `allowed` types may."""
    if not isinstance(element, dict):
        said.add("must provide an object", where)
        return
    kind = element.get("type")
    if kind not in allowed:
        said.add(f"unsupported type: {kind}", f"{where}/type")
        return
    if element.get("action_id") is not None:
        said.length(element["action_id"], 255, f"{where}/action_id", least=1)
    if element.get("placeholder") is not None:
        said.text(element["placeholder"], 150, f"{where}/placeholder", plain=True)
    if element.get("confirm") is not None:
        _confirm(element["confirm"], f"{where}/confirm", said)
    rule = _RULES.get(str(kind))
    if rule:
        rule(element, where, said)


def _confirm(confirm: object, where: str, said: Complaints) -> None:
    if not isinstance(confirm, dict):
        said.add("must provide an object", where)
        return
    for key, limit in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        if confirm.get(key) is not None:
            said.text(confirm[key], limit, f"{where}/{key}", plain=key != "text")
    if "text" not in confirm:
        said.add("missing required field: text", where)


def _option(option: object, where: str, said: Complaints, *, plain: bool) -> None:
    if not isinstance(option, dict):
        said.add("must provide an object", where)
        return
    if said.needed(option, "text", where):
        said.text(option["text"], 75, f"{where}/text", plain=plain)
    if said.needed(option, "value", where):
        said.length(option["value"], 150, f"{where}/value")
    if option.get("description") is not None:
        said.text(option["description"], 75, f"{where}/description", plain=plain)


def _options(element: Json, key: str, most: int, where: str, said: Complaints, *, plain: bool) -> list[Any]:
    options = said.items(element.get(key), most, f"{where}/{key}")
    for place, option in enumerate(options):
        _option(option, f"{where}/{key}/{place}", said, plain=plain)
    return options


def _button(element: Json, where: str, said: Complaints) -> None:
    if said.needed(element, "text", where):
        said.text(element["text"], 75, f"{where}/text", plain=True)
    for key, limit in (("value", 2000), ("url", 3000), ("accessibility_label", 75)):
        if element.get(key) is not None:
            said.length(element[key], limit, f"{where}/{key}")
    if element.get("style") not in (None, "primary", "danger"):
        said.add("must be one of: primary, danger", f"{where}/style")


def _overflow(element: Json, where: str, said: Complaints) -> None:
    _options(element, "options", 5, where, said, plain=True)


def _static_select(element: Json, where: str, said: Complaints) -> None:
    known: list[Any] = []
    if element.get("option_groups") is not None:
        for place, group in enumerate(said.items(element["option_groups"], 100, f"{where}/option_groups")):
            here = f"{where}/option_groups/{place}"
            if not isinstance(group, dict):
                said.add("must provide an object", here)
                continue
            if said.needed(group, "label", here):
                said.text(group["label"], 75, f"{here}/label", plain=True)
            known += _options(group, "options", 100, here, said, plain=True)
    else:
        known = _options(element, "options", 100, where, said, plain=True)
    _initial(element, known, where, said)


def _few_options(element: Json, where: str, said: Complaints) -> None:
    known = _options(element, "options", 10, where, said, plain=False)
    _initial(element, known, where, said)


def _initial(element: Json, known: list[Any], where: str, said: Complaints) -> None:
    """An option chosen beforehand must equal one of those offered, description and all."""
    if element.get("initial_option") is not None and element["initial_option"] not in known:
        said.add("initial_option must match one of the options", f"{where}/initial_option")
    for option in element.get("initial_options") or ():
        if option not in known:
            said.add("initial_options must match the options", f"{where}/initial_options")


def _plain_text_input(element: Json, where: str, said: Complaints) -> None:
    if element.get("initial_value") is not None:
        said.length(element["initial_value"], 3000, f"{where}/initial_value")
    for key, least in (("min_length", 0), ("max_length", 1)):
        value = element.get(key)
        if value is not None and not (isinstance(value, int) and least <= value <= 3000):
            said.add(f"must be between {least} and 3000", f"{where}/{key}")


def _number_input(element: Json, where: str, said: Complaints) -> None:
    said.needed(element, "is_decimal_allowed", where)


def _image(element: Json, where: str, said: Complaints) -> None:
    if not element.get("slack_file"):
        said.length(element.get("image_url"), 3000, f"{where}/image_url", least=1)
    if said.needed(element, "alt_text", where):
        said.length(element["alt_text"], 2000, f"{where}/alt_text")


_RULES: dict[str, Callable[[Json, str, Complaints], None]] = {
    "button": _button,
    "overflow": _overflow,
    "static_select": _static_select,
    "multi_static_select": _static_select,
    "checkboxes": _few_options,
    "radio_buttons": _few_options,
    "plain_text_input": _plain_text_input,
    "number_input": _number_input,
    "image": _image,
}
