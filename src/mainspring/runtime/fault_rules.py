"""Owns the rules that give a failure its class: by the provider's word, by what its sentences say, by the status.

A word that says exactly what happened decides. A soft word (`permission_error`, `RESOURCE_EXHAUSTED`) gives way to a
sentence, and a weak one (`invalid_request_error`, which providers write on everything) to the status too.
"""

from __future__ import annotations

import re
from typing import Final, cast

from mainspring.model.errors import ErrorClass
from mainspring.runtime.fault_evidence import Evidence, plain


def _table(**rows: str) -> dict[str, ErrorClass]:
    return {word: cast("ErrorClass", name) for name, words in rows.items() for word in words.split()}


STRONG: Final = _table(
    quota_exceeded=(
        "insufficientquota billingerror billingnotactive billinghardlimitreached insufficientcredits"
        " insufficientbalance paymentrequired paymentrequirederror exceededcurrentquotaerror"
        " servicequotaexceededexception arrearage"
        " accountoverdue budgetexceeded creditsexhausted outofcredits usagelimitexceeded"
    ),
    rate_limit=(
        "ratelimitexceeded ratelimiterror ratelimitreached ratelimitreachederror ratelimited ratelimit"
        " toomanyrequests toomanyrequestserror toomanyrequestsexception throttlingexception throttling throttled"
        " requestthrottled throttlingratequota limitrequests"
    ),
    overloaded=(
        "overloadederror overloaded modelcapacityexhausted modelnotreadyexception engineoverloadederror"
        " engineoverloaded serveroverloaded serverbusy slowdown capacityexceeded nocapacity insufficientsystemresource"
        " serviceunavailableexception serviceunavailable serviceunavailableerror"
    ),
    server_error=(
        "servererror internalservererror internalserverexception internalfailure modelerrorexception"
        " modelstreamerrorexception internalerror"
    ),
    timeout=(
        "timeouterror timeout modeltimeoutexception deadlineexceeded requesttimeout requesttimeouterror gatewaytimeout"
    ),
    auth=(
        "authenticationerror invalidauthenticationerror invalidapikey apikeyinvalid apikeyexpired incorrectapikeyerror"
        " unauthenticated unauthorized mismatchedorganization noorganization unrecognizedclientexception"
        " expiredtokenexception invalidsignatureexception incompletesignature missingauthenticationtoken"
        " accesstokenexpired tokenexpired credentialsmissing accountdeactivated"
    ),
    permission=(
        "accessdeniedexception accessdenied accessterminatederror unsupportedcountryregionterritory servicedisabled"
        " apikeyserviceblocked apikeyhttpreferrerblocked consumersuspended iprestricted accesstokenscopeinsufficient"
    ),
    not_found=(
        "modelnotfound modelnotfounderror modelnotfoundexception deploymentnotfound resourcenotfoundexception"
        " resourcenotfounderror modeldecommissioned modeldeprecated unknownmodel invalidmodel modelnotexist"
    ),
    context_length=(
        "contextlengthexceeded contextlengthexceedederror contextwindowexceeded contextwindowexceedederror"
        " exceedcontextsizeerror modelcontextwindowexceeded tokenslimitreached modelmaxprompttokensexceeded"
        " prompttoolong contextlengtherror"
    ),
    content_filter=(
        "contentfilter contentfiltered contentpolicyviolation contentpolicyviolationerror invalidprompt"
        " datainspectionfailed contentblocked contentmoderation moderationblocked moderationerror"
        " guardrailintervened safetycheckfailed"
    ),
    malformed_output=(
        "toolusefailed jsonvalidatefailed outputparsefailed malformedfunctioncall toolcallvalidationfailed"
        " malformedmodeloutput"
    ),
)
SOFT: Final = _table(
    rate_limit="resourceexhausted",
    overloaded="unavailable",
    server_error="apierror internal unknown aborted dataloss",
    timeout="cancelled",
    permission="permissionerror permissiondenied forbidden",
    not_found="notfounderror notfound",
    context_length="requesttoolarge",
)
WEAK: Final = _table(
    invalid_request=(
        "invalidrequesterror badrequesterror badrequest invalidrequest validationexception validationerror"
        " invalidargument failedprecondition outofrange invalidrequestbody invalidvalue unsupportedparameter"
        " unsupportedvalue missingrequiredparameter invalidtype unknownparameter invalidrequestmessageorder"
        " invalidrequestinvalidargs invalidfunctionparameters extraforbidden unprocessableentityerror"
    )
)
KNOWN: Final = frozenset({*STRONG, *SOFT})
ENDINGS: Final = _table(
    content_filter=(
        "contentfilter contentfiltered refusal safety recitation prohibitedcontent blocklist spii imagesafety"
        " imageprohibitedcontent imagerecitation modelarmor jailbreak guardrailintervened sensitive"
    ),
    context_length="modelcontextwindowexceeded",
    overloaded="insufficientsystemresource",
    malformed_output=(
        "malformedfunctioncall unexpectedtoolcall malformedresponse toomanytoolcalls malformedmodeloutput"
        " malformedtooluse"
    ),
    invalid_request="missingthoughtsignature",
    server_error="error failed networkerror abort",
)
BY_STATUS: Final[dict[int, ErrorClass]] = {
    401: "auth",
    402: "quota_exceeded",
    403: "permission",
    404: "not_found",
    407: "network",
    408: "timeout",
    409: "server_error",
    410: "not_found",
    413: "context_length",
    424: "server_error",
    425: "server_error",
    429: "rate_limit",
    451: "permission",
    498: "overloaded",
    499: "timeout",
    503: "overloaded",
    504: "timeout",
    522: "timeout",
    524: "timeout",
    529: "overloaded",
}


def _say(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


_MONEY: Final = _say(
    r"credit balance",
    r"account balance",
    r"insufficient (?:\w+ ){0,2}(?:balance|credits?|funds)",
    r"(?:out of|no|any|not enough|enough|sufficient|more|purchase|buy|negative) credits?\b",
    r"credits? (?:\w+ )?(?:is|are|were|has been|have been) (?:depleted|exhausted|used|insufficient)",
    r"can only afford",
    r"billing (?:hard )?limit",
    r"billing (?:is |has )?not ",
    r"(?:enable|requires?) billing|billing to be enabled|billing account",
    r"spend(?:ing)? (?:limit|cap)",
    r"payment (?:is )?required",
    r"account (?:is )?(?:in arrears|overdue|past due)",
    r"budget (?:has been |is |was )?exceeded|exceed\w* (?:your |the )?(?:\w+ )?budget",
    r"(?:api )?usage limits?\b.{0,80}regain access",
)
_QUOTA: Final = _say(
    r"exceeded your (?:current |monthly |daily )?quota",
    r"quota (?:has been |is |was )?(?:exceeded|exhausted|reached|used up)",
    r"(?:out of|insufficient|no remaining|exceed\w* \w* ?\w*) quota",
    r"(?:daily|weekly|monthly) (?:\w+ ){0,2}limit",
    r"usage limit",
)
_A_DAY: Final = _say(r"perday", r"per day", r"limit: 0\b", r"daily", r"per month", r"permonth")
_A_MINUTE: Final = _say(r"perminute", r"per ?(?:min|sec|hour)", r"\b[rt]p[ms]\b")
_FILTERED: Final = _say(
    r"content[ _-]?(?:filter|policy|management policy|moderation|safety)",
    r"(?:was|were|been|is|are|got) flagged|flagged (?:as|by|for)",
    r"requires moderation",
    r"usage polic",
    r"acceptable use",
    r"safety (?:system|review|filter|reasons|settings|polic|check)",
    r"responsible ai",
    r"content (?:violates|exists risk|risk)|usage guidelines",
    r"prohibited content|inappropriate content|sensitive (?:content|words)|harmful content",
    r"violat\w+ [^.]{0,60}polic",
    r"(?:output|response|prompt|input|request|generation) (?:was |is |has been )?blocked",
    r"guardrail",
)
_BAD_ANSWER: Final = _say(
    r"tool call validation failed",
    r"(?:failed|unable|could not|couldn't) (?:to )?(?:parse|decode|read) [^.]{0,40}(?:tool|function|arguments)",
    r"model did not call a tool",
    r"failed to call a function",
    r"failed to generate json",
    r"invalid json: eof",
    r"malformed function call",
    r"model (?:produced|generated|returned) (?:an )?invalid",
)
_TOO_FAST: Final = _say(
    r"rate[ _-]?limit",
    r"too many (?:\w+ )?requests",
    r"too many tokens.{0,40}wait",
    r"throttl",
    r"(?:requests|tokens|queries|input tokens) (?:\w+ )?per ?(?:min|day|hour|sec)",
    r"\b[rt]pm\b",
    r"concurren\w+ (?:\w+ )?limit|too many concurrent",
    r"sent too many",
)
_BUSY: Final = _say(
    r"overloaded",
    r"(?:over|at|no|insufficient|out of|exceeded|full) (?:\w+ )?capacity",
    r"(?:server|model|engine|service|system)s? [^.]{0,20}\bbusy",
    r"(?:high|heavy) (?:demand|load|traffic)",
    r"maximum pending requests",
    r"(?:currently|temporarily) (?:\w+ )?unavailable",
    r"service unavailable",
    r"(?:loading|warming up|not ready)",
)
_TOO_LONG: Final = _say(
    r"context (?:length|window|size|limit)",
    r"context_length|maximum context|context the overflows",
    r"(?:prompt|input|messages?|conversation|request) (?:\w+ ){0,3}too (?:long|large|many tokens)",
    r"(?:input|prompt|request|messages?)\b[^.]{0,80}(?:exceed|larger|greater|longer|over)[^.]{0,80}(?:token|context)",
    r"(?:input|prompt)\b[^.]{0,30}token[^.]{0,60}exceed",
    r"maximum (?:prompt|input) (?:length|tokens)",
    r"too many (?:\w+ )?tokens",
    r"(?:token|length) limit",
    r"reduce the length of",
    r"`?inputs`? tokens \+",
    r"max_tokens must be at least 1, got -",
    r"tokens? (?:\w+ ){0,4}exceed\w* (?:the )?(?:model|maximum|limit)",
)
_ANSWER_TOO_LONG: Final = _say(
    r"max(?:imum)?[_ ](?:completion[_ ]|output[_ ]|new[_ ])?tokens\b[^.]{0,60}"
    r"(?:too large|too high|exceeds|must be (?:less|at most|<|no more)|\d+ ?>|greater than)",
    r"maximum allowed number of output tokens",
    r"supports at most \d+ (?:completion|output) tokens",
)
_THE_WINDOW: Final = _say(r"context", r"input length", r"inputs?`? tokens", r"got -", r"prompt")
_NO_MODEL: Final = _say(
    r"model\b[^\n]{0,100}(?:does not exist|doesn't exist|not found|not exist|is not available)",
    r"model\b[^\n]{0,100}(?:deprecated|decommissioned|retired)",
    r"(?:no such|unknown|invalid|unrecognized) model",
    r"deployment\b[^.]{0,60}not exist",
    r"not a valid model",
    r"no endpoints? found",
)
_NO_KEY: Final = _say(
    r"api[ _-]?key\b[^.]{0,80}(?:invalid|not valid|incorrect|expired|missing|required|not found|revoked|disabled)",
    r"(?:invalid|incorrect|missing|expired|no|wrong|provide|bad)\b[^.]{0,30}(?:api[ _-]?key|bearer|credential)",
    r"(?:invalid|missing|expired) (?:\w+ )?access token",
    r"authentication (?:fail|error|required|credential)|failed to authenticate|could not authenticate",
    r"unauthori[sz]ed|not authenticated|unauthenticated",
    r"security token",
)
_NOT_ALLOWED: Final = _say(
    r"(?:do|does) not have (?:the )?(?:permission|access)|(?:don't|doesn't) have (?:the )?(?:permission|access)",
    r"permission denied|access denied|forbidden|not authorized",
    r"(?:location|country|region)\b[^.]{0,40}not supported",
)
_SLOW: Final = _say(r"timed? ?out", r"deadline exceeded", r"took too long")
_BROKEN: Final = _say(
    r"internal (?:server )?error",
    r"server had an error",
    r"unexpected eof",
    r"upstream (?:connect|error|request)",
    r"error was encountered",
    r"(?:network|connection) (?:error|reset|lost|refused)",
)
_ENOUGH_WORDS: Final[tuple[tuple[re.Pattern[str], ErrorClass], ...]] = (
    (_NO_MODEL, "not_found"),
    (_NO_KEY, "auth"),
    (_NOT_ALLOWED, "permission"),
)
NEVER_FITS: Final = re.compile(r"limit:? (\d{1,15})\b[^.]{0,80}requested:? (\d{1,15})")
_TOO_LARGE: Final = re.compile(r"request too large|request is too large")


def class_of(evidence: Evidence, status: int | None) -> ErrorClass | None:
    """The class of a failure with that status (None: it came inside a success); None if nothing says anything."""
    names = [plain(word) for word in evidence.words]
    if status == 401 and not _MONEY.search(evidence.text):
        return "auth"
    strong = _strong(names, evidence)
    if strong is not None:
        return strong
    said = _said(evidence, names, status)
    if said is not None:
        return said
    if status is None or status < 400:
        return _first(names, SOFT) or _first(names, WEAK)
    if status == 400:
        return _first(names, SOFT) or "invalid_request"
    found = BY_STATUS.get(status)
    if found is None or status == 403:
        found = _first(names, SOFT) or found
    return found or ("server_error" if status >= 500 else "invalid_request")


def _first(names: list[str], table: dict[str, ErrorClass]) -> ErrorClass | None:
    return next((table[name] for name in names if name in table), None)


def _strong(names: list[str], evidence: Evidence) -> ErrorClass | None:
    """What an exact word says; one about money counts most, wherever it stands."""
    found: list[ErrorClass] = [STRONG[name] for name in names if name in STRONG]
    if any(name == "quota_exceeded" for name in found):
        return "quota_exceeded"
    if evidence.flagged or any(name.endswith("policyviolation") for name in names):
        return "content_filter"
    if found and found[0] == "server_error" and _BUSY.search(evidence.text):
        return "overloaded"
    return found[0] if found else None


def _said(evidence: Evidence, names: list[str], status: int | None) -> ErrorClass | None:
    """What the sentences say, as far as the status leaves room for it."""
    text = evidence.text
    if status == 402 or _MONEY.search(text):
        return "quota_exceeded"
    if status == 404:
        return None
    server = status is not None and status >= 500
    if not server and _FILTERED.search(text):
        return "content_filter"
    if _BAD_ANSWER.search(text):
        return "malformed_output"
    if _TOO_FAST.search(text) or "resourceexhausted" in names or _QUOTA.search(text):
        return _too_fast_or_too_much(evidence, names, status)
    if _BUSY.search(text) and status not in {401, 403}:
        return "overloaded"
    return _of_server(text) if server else _of_caller(text, status)


def _too_fast_or_too_much(evidence: Evidence, names: list[str], status: int | None) -> ErrorClass | None:
    """A limit of a minute passes by itself; what is used up for the day, or was never granted, does not."""
    ids = " ".join(names)
    text = evidence.text
    counted = f"{ids} {text}"
    if "resourceexhausted" in names:
        used_up = _A_DAY.search(ids) or (_A_DAY.search(text) and not _A_MINUTE.search(counted))
        if _A_MINUTE.search(ids):
            used_up = None
        return "quota_exceeded" if used_up else "rate_limit"
    if _TOO_FAST.search(text) or _A_MINUTE.search(counted):
        return "rate_limit"
    return "quota_exceeded" if status is None or status < 500 else None


def _of_server(text: str) -> ErrorClass | None:
    return "timeout" if _SLOW.search(text) else None


def _of_caller(text: str, status: int | None) -> ErrorClass | None:
    if status in {None, 400, 413, 422, 429} and _TOO_LONG.search(text) and not _is_answer_bound(text):
        return "context_length"
    if status in {408, 409, 429}:
        return None
    for pattern, name in _ENOUGH_WORDS:
        if pattern.search(text):
            return name
    if status is None:
        return "timeout" if _SLOW.search(text) else "server_error" if _BROKEN.search(text) else None
    return None


def _is_answer_bound(text: str) -> bool:
    """Whether the bound on the answer is too high, which says nothing of the prompt."""
    return bool(_ANSWER_TOO_LONG.search(text)) and not _THE_WINDOW.search(text)


def never_fits(text: str) -> bool:
    """Whether one request is larger than the whole limit, so that waiting never helps."""
    found = NEVER_FITS.search(text)
    return bool(_TOO_LARGE.search(text)) or (found is not None and int(found[2]) > int(found[1]))
