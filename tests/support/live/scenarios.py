"""SIPp scenarios of callees and phones. Each callee records events in a ledger.

The last three digits of the number say how a callee behaves.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

ANSWER, ANSWER_THEN_BYE, BYE_WITH_REASON, NO_ANSWER, PASSWORD = "200", "700", "716", "480", "401"
VOICEMAIL, ALO = "622", "204"
"""Endings of the `talkers` only: a machine with a long greeting, and a person who says "alo" and then listens."""
REFUSALS = {"486": "Busy Here", "404": "Not Found", "603": "Decline", "503": "Service Unavailable"}
CALLED, ANSWERED, CANCELLED, HUNG_UP, LEFT = "called", "answered", "cancelled", "hung-up", "left"
"""Events in a ledger: an INVITE, an acknowledged answer, a CANCEL, a BYE from the switch, a BYE from the callee."""

_HEAD = """[last_Via:]
[last_From:]
[last_To:];tag=[pid]T[call_number]
[last_Call-ID:]
"""
_CONTACT = "Contact: <sip:[local_ip]:[local_port];transport=[transport]>\n"
_SDP = """v=0
o=callee 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [{port}] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""
_DTMF = """m=audio [{port}] RTP/AVP 0 96
a=rtpmap:0 PCMU/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-15
"""
_CHALLENGE = 'WWW-Authenticate: Digest realm="carrier", nonce="17ab3c", algorithm=MD5\n'


def callee(
    tone: str | None = None,
    answer_ms: int = 100,
    hang_up_ms: int = 700,
    account: tuple[str, str] = ("", ""),
    speech: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """A callee that rings and then behaves as the number says; it answers numbers with another ending.

    `tone` is a file of raw µ-law that is played in a loop after the answer; without it SIPp must echo the media.
    `speech` has other files by ending. `account` is the user and password that a number ending in 401 requires.
    """
    port = "rtpstream_audio_port" if tone else "media_port"
    answer = _response("180 Ringing") + pause(answer_ms) + _response("200 OK", sdp_of(port), again=True)
    answer += _heard("ACK", ANSWERED)
    hears_bye = _heard("BYE", HUNG_UP) + ok().replace("<send>", '<send next="99">')
    branches = {ending: answer + talk(file) + hears_bye for ending, file in speech.items()}
    answer += talk(tone) if tone else ""
    branches |= {
        ANSWER_THEN_BYE: answer + pause(hang_up_ms) + _bye(""),
        BYE_WITH_REASON: answer + pause(hang_up_ms) + _bye("Reason: Q.850;cause=16\n"),
        NO_ANSWER: _response("180 Ringing") + _cancelled(),
        PASSWORD: _challenged(*account),
    } | {status: _response(f"{status} {text}", again=True) + _ack() for status, text in REFUSALS.items()}
    jumps = "".join(f'<nop next="{i}" test="is{digits}"/>' for i, digits in enumerate(branches, 1))
    labels = "".join(f'<label id="{i}"/>{steps}' for i, steps in enumerate(branches.values(), 1))
    return scenario(
        f'{_invited(branches)}{jumps}<label id="98"/>{answer}{hears_bye}{labels}<label id="99"/>{pause(200)}'
    )


def ringing() -> str:
    """A phone that rings until the call is cancelled."""
    return _without_answer(_cancelled())


def declining(status: str) -> str:
    """A phone that rings, and declines with a status of REFUSALS."""
    return _without_answer(_response(f"{status} {REFUSALS[status]}", again=True) + _ack())


def _without_answer(end: str) -> str:
    unused = '<Reference variables="cseq,caller,contact"/>'
    return scenario(f'{_invited(())}{_response("180 Ringing")}{end}<label id="99"/>{pause(200)}{unused}')


def registration(name: str, password: str) -> str:
    """Register a phone at the address and port from which this is sent."""
    head = (
        "REGISTER sip:[remote_ip]:[remote_port] SIP/2.0\n"
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
        f"From: <sip:{name}@[remote_ip]>;tag=[call_number]\nTo: <sip:{name}@[remote_ip]>\nCall-ID: [call_id]\n"
        f"CSeq: [cseq] REGISTER\nContact: <sip:{name}@[local_ip]:[local_port]>\nMax-Forwards: 70\nExpires: 3600\n"
    )
    login = f"[authentication username={name} password={password}]\n"
    return scenario(
        send(head, again=True)
        + '<recv response="401" auth="true"/>'
        + send(head + login, again=True)
        + '<recv response="200"/>'
    )


def calling(name: str, password: str, number: str, status: int) -> str:
    """A phone that dials a number and expects that status."""

    def request(method: str, to: str, branch: str = "branch") -> str:
        return (
            f"{method} sip:{number}@[remote_ip]:[remote_port] SIP/2.0\n"
            f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[{branch}]\n"
            f"From: <sip:{name}@[remote_ip]>;tag=[call_number]\n{to}\nCall-ID: [call_id]\n"
            f"CSeq: [cseq] {method}\nContact: <sip:{name}@[local_ip]:[local_port]>\nMax-Forwards: 70\n"
        )

    head = request("INVITE", f"To: <sip:{number}@[remote_ip]>")
    login = f"[authentication username={name} password={password}]\n"
    sdp = sdp_of("media_port")
    return scenario(
        send(head, sdp, again=True)
        + '<recv response="401" auth="true"/>'
        + send(request("ACK", "[last_To:]", "branch-2"))
        + send(head + login, sdp, again=True)
        + '<recv response="100" optional="true"/>'
        + f'<recv response="{status}"/>'
        + send(request("ACK", "[last_To:]", "branch-3"))
    )


def sdp_of(port: str, *, dtmf: bool = False, at: tuple[str, int] | None = None) -> str:
    """The session description of the side that speaks; `port` is SIPp's name of it. `at`: another address."""
    text = _SDP[: _SDP.index("m=")] + _DTMF if dtmf else _SDP
    if at is None:
        return text.format(port=port)
    host, number = at
    return text.replace("[media_ip]", host).replace("[{port}]", str(number))


def scenario(steps: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="testbed">{steps}</scenario>\n'


def _invited(endings: Iterable[str]) -> str:
    tests = "".join(
        f'<ereg regexp="{digits}@" search_in="hdr" header="To:" check_it="false" assign_to="is{digits}"/>'
        for digits in endings
    )
    # The addresses for a BYE: [next_url] is empty in a callee.
    return (
        f'<recv request="INVITE"><action>{tests}'
        '<ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="cseq"/>'
        '<ereg regexp=":(.*)" search_in="hdr" header="From" assign_to="all,caller"/>'
        '<ereg regexp="&lt;([^&gt;]*)&gt;" search_in="hdr" header="Contact:" assign_to="all2,contact"/>'
        '<ereg regexp="sip:([^@&gt;]*)@" search_in="hdr" header="To:" assign_to="all3,number"/>'
        f'{entry(CALLED)}</action></recv><Reference variables="all,all2,all3"/>'
    )


def entry(what: str) -> str:
    return f'<log message="[$number] {what}"/>'


def talk(file: str) -> str:
    return f'<nop><action><exec rtp_stream="{file},-1,0,PCMU/8000"/></action></nop>'


def _heard(request: str, what: str) -> str:
    return f'<recv request="{request}"><action>{entry(what)}</action></recv>'


def _response(status: str, sdp: str = "", *, again: bool = False, more: str = "") -> str:
    head = f"SIP/2.0 {status}\n{_HEAD}[last_CSeq:]\n{_CONTACT}{more}"
    return send(head, sdp, again=again)


def send(head: str, sdp: str = "", *, again: bool = False) -> str:
    length = "Content-Type: application/sdp\nContent-Length: [len]\n" if sdp else "Content-Length: 0\n"
    opening = '<send retrans="500">' if again else "<send>"
    return f"{opening}<![CDATA[\n{head}{length}\n{sdp}]]></send>"


def ok() -> str:
    return send("SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n")


def _cancelled() -> str:
    terminated = f"SIP/2.0 487 Request Terminated\n{_HEAD}CSeq: [$cseq] INVITE\n"
    return _heard("CANCEL", CANCELLED) + ok() + send(terminated, again=True) + _ack()


def _challenged(user: str, password: str) -> str:
    verified = f'<verifyauth assign_to="known" username="{user}" password="{password}"/>'
    return (
        _response("401 Unauthorized", again=True, more=_CHALLENGE)
        + '<recv request="ACK"/>'
        + f'<recv request="INVITE"><action>{verified}</action></recv><nop next="98" test="known"/>'
        + _response("403 Forbidden", again=True)
        + _ack()
    )


def _ack() -> str:
    return '<recv request="ACK" next="99"/>'


def _bye(reason: str) -> str:
    head = (
        "BYE [$contact] SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
        "From: <sip:callee@[local_ip]:[local_port]>;tag=[pid]T[call_number]\nTo:[$caller]\n[last_Call-ID:]\n"
        f"CSeq: 1 BYE\nMax-Forwards: 70\n{reason}"
    )
    left = f"<nop><action>{entry(LEFT)}</action></nop>"
    return left + send(head, again=True) + '<recv response="200" next="99"/>'


def pause(ms: int) -> str:
    return f'<pause milliseconds="{ms}"/>'
