"""Owns the one table of error classes: what each means, what it is called on the wire, and what comes next."""

from __future__ import annotations

from typing import Final

from mainspring.model.errors import ErrorClass, ErrorType
from mainspring.model.values import Value


class ClassRow(Value, frozen=True, kw_only=True):
    """A class of errors.

    `passes`: it may pass by itself, so it is worth another try. `final`: not even a provider's word makes it so.
    `elsewhere`: another model may be asked without being told to. `lead`: how the sentence begins; `{}` is the
    provider. `means`, `show` and `do`: for people, what it is, what a product tells its users, what its operator does.
    """

    error_type: ErrorType
    means: str
    show: str
    do: str
    lead: str = "the provider {} failed"
    passes: bool = False
    final: bool = False
    elsewhere: bool = False


CLASSES: Final[dict[ErrorClass, ClassRow]] = {
    "rate_limit": ClassRow(
        error_type="rate_limit_error",
        means="Too many requests or tokens in a short time.",
        show="We are busy. Try again in `retryAfter` seconds.",
        do="If it comes often: ask for a higher limit, or name a `backupModel`.",
        lead="the provider {} limits the rate of requests",
        passes=True,
        elsewhere=True,
    ),
    "overloaded": ClassRow(
        error_type="provider_overloaded",
        means="The provider has too much to do, for everybody.",
        show="The assistant is overloaded. Try again in a minute.",
        do="Name a `backupModel` of another provider.",
        lead="the provider {} is overloaded",
        passes=True,
        elsewhere=True,
    ),
    "server_error": ClassRow(
        error_type="provider_error",
        means="The provider failed.",
        show="Something went wrong. Try again.",
        do="Nothing, unless it lasts: then see the provider's status page.",
        passes=True,
        elsewhere=True,
    ),
    "timeout": ClassRow(
        error_type="provider_timeout",
        means="No answer, or no next piece of one, within the bounds.",
        show="The assistant did not answer in time. Try again.",
        do="Slow models need a larger `first_byte_timeout` or `idle_timeout`.",
        lead="the provider {} did not answer in time",
        passes=True,
        elsewhere=True,
    ),
    "network": ClassRow(
        error_type="provider_error",
        means="The provider could not be reached, or the connection broke.",
        show="The connection was lost. Try again.",
        do="Check the base URL, the name server, proxies and certificates.",
        passes=True,
        elsewhere=True,
    ),
    "quota_exceeded": ClassRow(
        error_type="quota_exceeded_error",
        means="The account has no money or no quota left.",
        show="The assistant is not available at the moment.",
        do="Pay, or raise the quota. Nothing is tried again until somebody does.",
        lead="the provider {} reports that the quota is used up",
        final=True,
    ),
    "auth": ClassRow(
        error_type="authentication_error",
        means="The API key is missing, wrong or expired.",
        show="The assistant is not available at the moment.",
        do="Set the provider's key on the server.",
        lead="the provider {} refused the API key",
        final=True,
    ),
    "permission": ClassRow(
        error_type="permission_error",
        means="The key may not do this: the model, the region, a closed account.",
        show="The assistant is not available at the moment.",
        do="Ask whoever owns the account for access.",
        lead="the provider {} does not allow this with the API key",
        final=True,
    ),
    "not_found": ClassRow(
        error_type="not_found_error",
        means="There is no such model, or the address is wrong.",
        show="The assistant is not available at the moment.",
        do="Check the model's name in the protocol, and the base URL.",
        lead="the provider {} does not know the model or the address",
    ),
    "invalid_request": ClassRow(
        error_type="validation_error",
        means="The provider refused the request: an option, a schema, a message it does not take.",
        show="This cannot be answered.",
        do="Read the message: it names the option or the tool.",
        lead="the provider {} refused the request",
    ),
    "context_length": ClassRow(
        error_type="validation_error",
        means="The conversation is longer than the model takes.",
        show="This conversation is too long. Start a new one.",
        do="Use a model with a larger window, or `maxToolOutputTokens`.",
        lead="the provider {} finds the conversation too long for the model",
    ),
    "content_filter": ClassRow(
        error_type="validation_error",
        means="The provider blocked the request or the answer for its content.",
        show="The assistant cannot help with this.",
        do="Nothing; no other model is asked by itself.",
        lead="the provider {} blocked this for its content",
        final=True,
    ),
    "malformed_output": ClassRow(
        error_type="provider_error",
        means="The answer cannot be read: no JSON, a web page, a broken tool call.",
        show="Something went wrong. Try again.",
        do="A web page means that the base URL is wrong. Otherwise try another model.",
        lead="the provider {} answered with something that cannot be used",
        passes=True,
    ),
    "tool_error": ClassRow(
        error_type="tool_error",
        means="A tool failed; the model was told.",
        show="Nothing: the conversation goes on.",
        do="See your server's log.",
    ),
    "cancelled": ClassRow(
        error_type="execution_error",
        means="Somebody stopped it.",
        show="Nothing.",
        do="Nothing.",
        final=True,
    ),
    "unknown": ClassRow(
        error_type="unknown_error",
        means="Nothing is known about what happened.",
        show="Something went wrong.",
        do="Read the message, and the details in the server's log.",
    ),
}
