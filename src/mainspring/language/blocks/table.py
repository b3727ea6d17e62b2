"""Owns the table of block kinds: to add one, add its file and its line here."""

from __future__ import annotations

from mainspring.language.blocks.add_message import ADD_MESSAGE
from mainspring.language.blocks.generate_image import GENERATE_IMAGE
from mainspring.language.blocks.generate_speech import GENERATE_SPEECH
from mainspring.language.blocks.generate_video import GENERATE_VIDEO
from mainspring.language.blocks.next_message import NEXT_MESSAGE
from mainspring.language.blocks.run_worker import RUN_WORKER
from mainspring.language.blocks.serialize_thread import SERIALIZE_THREAD
from mainspring.language.blocks.set_resource import SET_RESOURCE
from mainspring.language.blocks.start_thread import START_THREAD
from mainspring.language.blocks.tool_call import TOOL_CALL
from mainspring.language.blocks.transcribe_audio import TRANSCRIBE_AUDIO
from mainspring.language.draft import BlockKind

BLOCKS: dict[str, BlockKind] = {
    "add-message": ADD_MESSAGE,
    "next-message": NEXT_MESSAGE,
    "tool-call": TOOL_CALL,
    "set-resource": SET_RESOURCE,
    "start-thread": START_THREAD,
    "serialize-thread": SERIALIZE_THREAD,
    "run-worker": RUN_WORKER,
    "generate-image": GENERATE_IMAGE,
    "generate-speech": GENERATE_SPEECH,
    "transcribe-audio": TRANSCRIBE_AUDIO,
    "generate-video": GENERATE_VIDEO,
}
