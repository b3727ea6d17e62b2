"""Owns the messages of a session as OpenAI's conversations keep them: one item a message, a call, a result."""

from __future__ import annotations

from typing import Final

from mainspring.model.facts import ToolSettled
from mainspring.model.values import Json, encode_json
from mainspring.wires.native_events import CANCELLED
from mainspring.wires.openai_items import APPROVAL_MARK, SESSION_MARK, Ran, Wanted, as_output
from mainspring.wires.responses import output_text, shown_item
from mainspring.wires.screen import Shown
from mainspring.wires.transcript import Asking, Entry, Source, Transcript

_DONE: Final = {"status": "completed"}


def conversation_items(source: Source, session_id: str) -> list[dict[str, Json]]:
    """The visible items of a journal, oldest first."""
    transcript = Transcript().read(source)
    drawn: list[dict[str, Json]] = []
    for entry in transcript.entries:
        if entry.visible and entry.role == "user":
            content = [_content(part) for part in entry.shown if part["type"] in ("text", "file")]
            message = {"type": "message", "role": "user", "content": content}
            drawn.append({"id": f"msg_{entry.id}", **_DONE, **message})
        elif entry.role == "assistant":
            drawn += _answer(entry, transcript, session_id)
    return drawn


def _content(part: Shown) -> Shown:
    if part["type"] == "text":
        return {"type": "input_text", "text": part["text"]}
    if str(part["mediaType"]).startswith("image/"):
        return {"type": "input_image", "image_url": part["url"], "detail": "auto"}
    return {"type": "input_file", "file_url": part["url"], "filename": part.get("filename", "file")}


def _answer(entry: Entry, transcript: Transcript, session_id: str) -> list[dict[str, Json]]:
    drawn: list[dict[str, Json]] = []
    for index, part in enumerate(entry.shown):
        part_id = f"{entry.id}_{index}"
        kind = part["type"]
        if kind in ("text", "object"):
            text = part["text"] if kind == "text" else as_output(part.get("object"))
            message: dict[str, Json] = {"type": "message", "role": "assistant"}
            if "thread" in part:
                message["phase"] = "commentary"
            drawn.append({"id": f"msg_{part_id}", **_DONE, **message, "content": [output_text(text, [])]})
        elif kind == "reasoning":
            summary = [{"type": "summary_text", "text": part["text"]}]
            drawn.append({"id": f"rs_{part_id}", **_DONE, "type": "reasoning", "summary": summary})
        elif kind == "worker":
            drawn.append(_ran(part["workerId"], part["workerSlug"], part.get("input", {}), part))
        elif kind == "tool-call":
            drawn += _asked_and_called(part, transcript, session_id)
    return drawn


def _asked_and_called(part: Shown, transcript: Transcript, session_id: str) -> list[dict[str, Json]]:
    call_id = part["toolCallId"]
    asking = transcript.asked.get(call_id)
    drawn = [] if asking is None else _asking(asking, session_id)
    if asking is None or asking.response is not None:
        drawn += _call(part, transcript.results.get(call_id), session_id)
    return drawn


def _call(part: Shown, settled: ToolSettled | None, session_id: str) -> list[dict[str, Json]]:
    call_id, name = part["toolCallId"], part["toolName"]
    if settled is not None and settled.ran != "caller":
        error = settled.error or (CANCELLED if settled.cancelled else None)
        shown = {"output": settled.output} if error is None else {"error": error}
        return [_ran(call_id, name, part["args"], shown)]
    whole = f"{call_id}{SESSION_MARK}{session_id}"
    call = {"type": "function_call", "call_id": whole, "name": name}
    drawn = [{"id": f"fc_{whole}", **_DONE, **call, "arguments": encode_json(part["args"]).decode()}]
    if settled is not None:
        output = settled.error or as_output(settled.output)
        result = {"type": "function_call_output", "call_id": whole, "output": output}
        drawn.append({"id": f"fco_{whole}", **_DONE, **result})
    return drawn


def _asking(asking: Asking, session_id: str) -> list[dict[str, Json]]:
    """What a person was asked about a call, and what they said."""
    request, answer = asking.request, asking.response
    whole = f"{request.approval_id}{SESSION_MARK}{session_id}"
    wanted = shown_item(Wanted(whole, 0, name=request.tool_name, args=request.input))
    if answer is None:
        return [wanted]
    said: dict[str, Json] = {"type": "mcp_approval_response", "approval_request_id": APPROVAL_MARK + whole}
    said |= {"approve": answer.approved, "reason": answer.reason or answer.cause}
    return [wanted, {"id": f"mcprr_{whole}", **said}]


def _ran(call_id: str, name: str, args: Json, shown: Shown) -> dict[str, Json]:
    ran = Ran(call_id, 0, name=name, args=args)
    ran.error = shown.get("error")
    ran.output = None if ran.error is not None else as_output(shown.get("output"))
    return shown_item(ran)
