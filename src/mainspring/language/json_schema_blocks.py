"""Owns the part of the JSON Schema that describes threads and blocks."""

from __future__ import annotations

from mainspring.language.json_schema_parts import (
    ARGUMENTS,
    INPUT_MAPPING,
    Schema,
    choice,
    dynamic,
    either,
    flag,
    listed,
    named,
    number,
    ref,
    section,
    text,
    variable,
    whole,
)
from mainspring.language.operands import SPEEDS, THINKING
from mainspring.language.tools import DISPLAYS

MODEL: Schema = {"type": "string", "pattern": r"^[a-z0-9][a-z0-9._-]*/[^\s/][^\s]*$"}
OUTPUT = variable("The variable that receives the result.")

THREAD: dict[str, Schema] = {
    "model": dynamic("The model as `provider/model-id`, like `anthropic/claude-sonnet-4-5`.", MODEL),
    "backupModel": either(
        "Whom to ask if the model fails before it said anything: one, or several in order. "
        "Each as `provider/model-id`, or the name of an input or variable that says it.",
        MODEL,
        ref("Variable"),
        listed("In order.", {"anyOf": [MODEL, ref("Variable")]}),
    ),
    "onInterrupted": choice(
        "What becomes of an answer that breaks off in the middle: `keep` it, marked incomplete, and end with the "
        "error; or `restart`: take it back and ask again.",
        ("keep", "restart"),
        default="keep",
    ),
    "system": text("The prompt that instructs the model: its path below `prompts/` without `.md`."),
    "input": INPUT_MAPPING,
    "tools": named("Tools of `tools` that the model may call."),
    "workers": named("Workers of `workers` that the model may call like tools."),
    "references": named("Documents of `references/` that the model may read."),
    "skills": named("Skills of `skills` that the model may use."),
    "mcpServers": named("Servers of `mcpServers` whose tools the model may call."),
    "onDemandMcpServers": listed("On-demand sources that the model may use.", {"enum": ["remote"]}),
    "todoList": flag("Whether the model keeps a list of what it has to do, shown to the client."),
    "maxSteps": dynamic(
        "The most model calls of one message (default 10 with `agentic`).", whole("How many.")
    ),
    "temperature": dynamic(
        "How free the model is in its words, 0 to 2, or `off`: not sent.",
        {"anyOf": [number("How free.", least=0, most=2), {"const": "off"}]},
    ),
    "thinking": dynamic("How much the model thinks before it answers.", choice("How much.", THINKING)),
    "speed": dynamic(
        "How fast the model answers, where the model offers a choice.", choice("How fast.", SPEEDS)
    ),
    "cache": choice("How long the provider keeps the prompt.", ("auto", "extended", "off"), default="auto"),
    "maxToolOutputTokens": whole("Longer tool results are shortened for the model: head, note, tail."),
    "maxImageDimension": whole("Larger images are scaled down for the model, in pixels."),
    "maxOutputTokens": whole("The most tokens of one answer."),
    "loopGuard": flag("Whether a model is told, then stopped, that goes round in circles."),
    "sandboxTimeout": whole("How long a skill may run, in milliseconds.", most=3_600_000),
    "imageModel": dynamic("The model that draws images when the agent asks for them.", MODEL),
    "webSearch": flag("Whether the model may search the web."),
}
SHOWN: dict[str, Schema] = {
    "display": choice("What a client sees of it.", DISPLAYS, default="description"),
    "title": text("What a client shows with `display: title`."),
    "description": text("What a client shows with `display: description`."),
}
AGENT: dict[str, Schema] = {
    **THREAD,
    "agentic": flag("Whether the model may go on after tool results, up to `maxSteps` calls."),
    "videoModel": dynamic("The model that makes videos.", MODEL),
    "speechModel": dynamic("The model that speaks.", MODEL),
    "transcriptionModel": dynamic("The model that writes down what is said in a recording.", MODEL),
    "speechVoice": text("The voice of `speechModel`, or the name of an input or variable that says it."),
    "contextManagement": section(
        "How a long conversation is kept within the model's window.",
        {
            "summarizerWorker": text(
                "The worker of `workers` that summarises what is left out; without it a built-in one does."
            ),
            "thresholdPercent": whole(
                "How full the window is when it begins, in percent; 80 if left out.", most=100
            ),
            "recentPercent": whole(
                "How much of the window stays word for word, in percent.", least=0, most=100
            ),
            "window": whole("The model's window in tokens, where Mainspring does not know it."),
            "recentWindow": {"description": "Accepted and not used."},
        },
    ),
    "anthropic": section(
        "What only Anthropic's models offer.",
        {
            "tools": section(
                "Tools that run at the provider.",
                {
                    "web-search": section("Searches the web.", SHOWN),
                    "code-execution": section("Runs code in a sandbox.", SHOWN),
                },
            ),
            "skills": {
                "type": "object",
                "description": "Skills that run at the provider, by id.",
                "additionalProperties": section(
                    "A skill.",
                    {
                        "type": choice("Whose skill it is.", ("anthropic", "custom")),
                        "version": text("Its version; `latest` if left out."),
                        **SHOWN,
                    },
                    required=("type",),
                ),
            },
        },
    ),
}
_IN_THREAD: Schema = text("The thread; `main` if left out.")
BLOCKS: dict[str, tuple[str, dict[str, Schema], tuple[str, ...]]] = {
    "add-message": (
        "Adds a message to a thread.",
        {
            "role": choice("Who says it.", ("user", "assistant", "system")),
            "prompt": text("The prompt that is its text: its path below `prompts/` without `.md`."),
            "input": INPUT_MAPPING,
            "visible": flag("Whether the user sees it.", default=True),
            "files": listed("Variables of type `file` or `file[]` shown to the model.", ref("Variable")),
            "uiContent": variable("The variable that the user sees instead of the prompt's text."),
            "thread": _IN_THREAD,
        },
        ("role", "prompt"),
    ),
    "next-message": (
        "Asks the model for the next message of a thread, with its tool calls.",
        {
            "independent": flag("Whether the answer stays out of the chat and goes to `output` only."),
            "output": OUTPUT,
            "responseType": text(
                "The object type of `types` that the answer has to have; asked for again, twice, if it does not fit."
            ),
            "thread": _IN_THREAD,
        },
        (),
    ),
    "tool-call": (
        "Calls a tool without asking the model.",
        {"tool": text("A tool of `tools`."), "input": ARGUMENTS, "output": OUTPUT},
        ("tool",),
    ),
    "set-resource": (
        "Writes a variable into a resource (deprecated: call a tool instead).",
        {"resource": variable("A resource of `resources`."), "value": variable("The variable to write.")},
        ("resource", "value"),
    ),
    "start-thread": (
        "Begins a thread of its own, or begins it anew.",
        {**THREAD, "thread": text("Its name; the name of the block if left out.")},
        (),
    ),
    "serialize-thread": (
        "Writes a thread as text into a variable.",
        {
            "format": choice("The form of the text.", ("markdown", "json"), default="markdown"),
            "output": OUTPUT,
            "thread": _IN_THREAD,
        },
        (),
    ),
    "run-worker": (
        "Runs a worker to its end.",
        {"worker": text("A worker of `workers`."), "input": ARGUMENTS, "output": OUTPUT},
        ("worker",),
    ),
    "generate-image": (
        "Draws an image.",
        {
            "prompt": variable("The variable that says what to draw or change."),
            "imageModel": dynamic("The model that draws.", MODEL),
            "aspectRatio": text("Width to height, like `16:9`; `1:1` if left out."),
            "resolution": choice("The size, where the model offers a choice.", ("1K", "2K", "4K")),
            "size": choice("Deprecated: use `aspectRatio`.", ("1024x1024", "1792x1024", "1024x1792")),
            "referenceImages": listed("Variables with addresses of images to start from.", ref("Variable")),
            "output": OUTPUT,
        },
        ("prompt", "imageModel"),
    ),
    "generate-speech": (
        "Speaks a text.",
        {
            "text": variable("The variable that holds the text."),
            "speechModel": dynamic("The model that speaks.", MODEL),
            "voice": text("The voice, as the provider names it."),
            "format": choice("The format of the file.", ("mp3", "opus", "aac", "flac", "wav"), default="mp3"),
            "instructions": text("How to speak."),
            "language": text("The language as ISO 639-1, like `en`."),
            "speed": number("How fast to speak; 1 is usual.", least=0.25, most=4),
            "output": OUTPUT,
        },
        ("text", "speechModel"),
    ),
    "transcribe-audio": (
        "Writes down what is said in a recording.",
        {
            "audio": variable("The variable that holds the file or its address."),
            "transcriptionModel": dynamic("The model that listens.", MODEL),
            "language": text("The language as ISO 639-1, like `en`."),
            "timestamps": flag("Whether the text says when each piece was said."),
            "output": OUTPUT,
        },
        ("audio", "transcriptionModel"),
    ),
    "generate-video": (
        "Makes a video.",
        {
            "prompt": variable("The variable that says what to show."),
            "videoModel": dynamic("The model that makes it.", MODEL),
            "aspectRatio": text("Width to height, like `16:9`."),
            "resolution": text("The size, as the provider names it."),
            "duration": {"description": "How long it is, in seconds."},
            "referenceImages": listed("Variables with addresses of images to start from.", ref("Variable")),
            "output": OUTPUT,
        },
        (),
    ),
}


def block_definitions() -> dict[str, Schema]:
    """`Block`, and a definition of each kind."""
    kinds = list(BLOCKS)
    branches = [
        {
            "if": {"properties": {"block": {"const": kind}}, "required": ["block"]},
            "then": ref(kind),
        }
        for kind in kinds
    ]
    block: Schema = {
        "type": "object",
        "required": ["block"],
        "properties": {"block": choice("What the block does.", kinds)},
        "allOf": branches,
    }
    short = choice("A block that needs no more than its kind.", kinds)
    return {
        "Block": either(
            "A step: an object with `block`, or only the kind of block.", block, short, {"type": "null"}
        ),
        "Blocks": {
            "type": "object",
            "description": "Blocks by name, in the order they run. A name is what people see.",
            "additionalProperties": ref("Block"),
        },
        **{kind: _definition(kind) for kind in kinds},
    }


def _definition(kind: str) -> Schema:
    description, members, required = BLOCKS[kind]
    everywhere = {"block": {"const": kind}, "thread": _IN_THREAD, **SHOWN}
    return section(description, {**everywhere, **members}, required=("block", *required))
