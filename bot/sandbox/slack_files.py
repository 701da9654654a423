"""Web API methods about files: an address to send the bytes to, and the word that they are all there.

Sources: the method pages of docs.slack.dev; what a message may show of them is in kept_files.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from bot.sandbox.kept_files import Kept
from bot.sandbox.roster import Json
from bot.sandbox.slack_call import Call
from bot.sandbox.views import Refused

ALT_CHARACTERS = 1000


def get_upload_url(call: Call) -> Json:
    call.needs("files:write")
    name, length = call.text("filename"), call.text("length")
    if not name or not length.isdigit() or int(length) == 0:
        raise Refused("invalid_arguments", ["[ERROR] missing required field: filename and length"])
    alt = call.text("alt_txt")
    if len(alt) > ALT_CHARACTERS:
        raise Refused("alt_txt_too_large")
    kept = Kept(
        id=f"F0{secrets.token_hex(5).upper()}", name=name, length=int(length), alt=alt, ticket=secrets.token_urlsafe(24)
    )
    call.workspace.files[kept.id] = kept
    return {"upload_url": f"{call.base_url}/upload/{kept.ticket}", "file_id": kept.id}


def complete_upload(call: Call) -> Json:
    call.needs("files:write")
    named = call.structure("files", "invalid_arguments")
    if not isinstance(named, list) or not named or not all(isinstance(each, dict) for each in named):
        raise Refused("invalid_arguments", ["[ERROR] missing required field: files"])
    found = [call.workspace.files.get(str(each.get("id"))) for each in named]
    done = [kept for kept in found if kept is not None and kept.data is not None and not kept.complete]
    if len(done) != len(found):
        raise Refused("file_not_found")
    for kept, each in zip(done, named, strict=True):
        kept.complete, kept.title = True, str(each.get("title") or "")
    return {"files": [kept.public() for kept in done]}


METHODS: dict[str, Callable[[Call], Json]] = {
    "files.getUploadURLExternal": get_upload_url,
    "files.completeUploadExternal": complete_upload,
}
