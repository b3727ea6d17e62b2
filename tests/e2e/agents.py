"""Owns the agents that the tests publish: small protocols, each with a model name of its own."""

from typing import Any

Definition = dict[str, Any]

SYSTEM = "You work for {{COMPANY}}."
USER = "{{USER_MESSAGE}}"

HEAD = """\
input:
  COMPANY: {type: string, optional: true, default: Acme}
triggers:
  user-message:
    input:
      USER_MESSAGE: {type: string}
"""

TOOLS = """\
tools:
  get-weather:
    description: Looks up the weather
    display: stream
    parameters:
      city: {type: string, description: Where}
  get-time:
    description: Reads the clock
    parameters:
      zone: {type: string, optional: true, description: Time zone}
  secret-audit:
    description: Notes what was asked
    display: hidden
    parameters:
      note: {type: string, description: What}
  ask-user:
    description: Asks the person
    display: name
    parameters:
      question: {type: string, description: What to ask}
"""

AGENT = """\
agent:
  model: openai/MODEL
  system: system
  input: [COMPANY]
  agentic: true
"""

TALK = """\
handlers:
  user-message:
    Add message:
      block: add-message
      role: user
      prompt: user-message
      input: [USER_MESSAGE]
    Respond:
      block: next-message
"""

CHAT = HEAD + TOOLS + AGENT + "  tools: [get-weather, get-time, secret-audit, ask-user]\n" + TALK
ASKING = CHAT.replace(
    "      city: {type: string, description: Where}\n",
    "      city: {type: string, description: Where}\n    policy: {approval: always}\n",
)
"""As `CHAT`; a person is asked before the weather is looked up."""
PLAIN = HEAD + AGENT + TALK

OBJECT = (
    HEAD
    + """\
types:
  Verdict:
    label: {type: string, description: In a word}
    score: {type: integer}
"""
    + AGENT
    + TALK
    + "      responseType: Verdict\n"
)

BLOCKS = (
    HEAD
    + TOOLS
    + """\
variables:
  WEATHER: {type: unknown}
  LOG: {type: string}
resources:
  LAST_WEATHER: {type: unknown, default: none}
"""
    + AGENT
    + """\
handlers:
  user-message:
    Look outside:
      block: tool-call
      tool: get-weather
      input: {city: USER_MESSAGE}
      output: WEATHER
    Keep it:
      block: set-resource
      resource: LAST_WEATHER
      value: WEATHER
    Add message:
      block: add-message
      role: user
      prompt: user-message
      input: [USER_MESSAGE]
    Respond:
      block: next-message
    Write down:
      block: serialize-thread
      display: name
      output: LOG
"""
)

WORKER = """\
input:
  TOPIC: {type: string}
variables:
  SUMMARY: {type: string}
tools:
  fetch-page:
    description: Reads a page
    display: stream
    parameters:
      url: {type: string, description: Which}
steps:
  Begin:
    block: start-thread
    thread: work
    model: openai/MODEL
    system: worker
    tools: [fetch-page]
    maxSteps: 5
  Ask:
    block: add-message
    thread: work
    role: user
    prompt: topic
    input: [TOPIC]
  Write:
    block: next-message
    thread: work
    output: SUMMARY
output: SUMMARY
"""


TITLES = (
    HEAD
    + TOOLS.replace(
        "display: stream\n    parameters:\n      city",
        "display: title\n    title: Weather\n    parameters:\n      city",
    )
    + AGENT
    + "  tools: [get-weather]\n"
    + TALK
    + "      display: title\n      title: Thinking\n"
)

PARENT = (
    HEAD
    + """\
workers:
  WORKER:
    description: Summarises
    display: stream
    tools: {fetch-page: get-weather}
variables:
  FOUND: {type: string}
"""
    + TOOLS
    + AGENT
    + """\
  workers: [WORKER]
handlers:
  user-message:
    Look it up:
      block: run-worker
      worker: WORKER
      input: {TOPIC: USER_MESSAGE}
      output: FOUND
    Add message:
      block: add-message
      role: user
      prompt: user-message
      input: [USER_MESSAGE]
    Respond:
      block: next-message
"""
)


def definition(slug: str, model: str, protocol: str = CHAT) -> Definition:
    """The body of `POST /api/agents` for an agent `slug` that asks the model id `model`."""
    worker = "steps:" in protocol
    prompts = {"worker": "You summarise.", "topic": "About {{TOPIC}}."} if worker else {}
    prompts = prompts or {"system": SYSTEM, "user-message": USER}
    settings = {"slug": slug, "name": slug.title(), "format": "worker" if worker else "interactive"}
    return {
        "settings": settings,
        "protocol": protocol.replace("MODEL", model),
        "prompts": [{"name": name, "content": text} for name, text in prompts.items()],
    }
