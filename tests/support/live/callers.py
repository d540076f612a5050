"""SIPp scenarios of callers: they ring in through the carrier, wait, press keys, and hang up. Each keeps a ledger."""

from tests.support.live.scenarios import (
    ANSWERED,
    CANCELLED,
    HUNG_UP,
    LEFT,
    entry,
    ok,
    pause,
    scenario,
    sdp_of,
    send,
    talk,
)

REFUSED, RANG, PROGRESS = "refused", "rang", "progress"
"""Events in a caller's ledger, beside those of callees: a status that ended the call, 180 Ringing, and 183, after which
they hear what is played before the answer."""
TONE = "tone.ulaw"


def caller(
    called: str,
    number: str,
    *,
    patience_ms: int | None = None,
    talk_ms: int | None = None,
    digits: str = "",
    refused: int | None = None,
    media: tuple[str, int] | None = None,
) -> str:
    """Ring `called` as `number`; once answered, play TONE in a loop, or press `digits`, and wait to be hung up.

    `patience_ms`: they cancel when nobody has answered until then. `talk_ms`: they hang up so long after the answer and
    the digits, 1.5 s apart, which SIPp sends through a raw socket: only root may. `refused`: the SIP status that they
    expect instead of an answer. `media`: the address of a headset, which receives in place of SIPp.
    """
    patience = "" if patience_ms is None else f' timeout="{patience_ms}" ontimeout="97"'
    before = "".join(
        f'<recv response="{status}" optional="true"{patience}>{event}</recv>'
        for status, event in (
            (100, ""),
            (180, f"<action>{_note(number, RANG)}</action>"),
            (183, f"<action>{_note(number, PROGRESS)}</action>"),
        )
    )
    outcome = f"{REFUSED} {refused}" if refused else ANSWERED
    heard = f'<recv response="{refused or 200}"{patience}><action>{_note(number, outcome)}{_CONTACT}</action></recv>'
    steps = send(
        _request("INVITE", called, number),
        sdp_of("media_port" if digits else "rtpstream_audio_port", dtmf=True, at=media),
        again=True,
    )
    steps += before + heard
    acknowledgement = send(_request("ACK", called, number, "[last_To:]", "i" if refused else "a"))
    connected = _connected(called, number, talk_ms, digits, silent=media is not None)
    steps += acknowledgement + ('<nop next="99"/>' if refused else connected)
    steps += '<label id="97"/>' + _cancel(called, number) + '<label id="99"/>' + pause(200)
    return scenario(steps + '<Reference variables="all,contact"/>')


_CONTACT = '<ereg regexp="&lt;([^&gt;]*)&gt;" search_in="hdr" header="Contact:" assign_to="all,contact"/>'


def _connected(called: str, number: str, talk_ms: int | None, digits: str, *, silent: bool) -> str:
    steps = "" if digits or silent else talk(TONE)
    for digit in digits:
        steps += pause(1500) + f'<nop><action><exec play_dtmf="{digit}"/></action></nop>'
    leave = "" if talk_ms is None else f' timeout="{talk_ms}" ontimeout="96"'
    steps += f'<recv request="BYE"{leave}><action>{_note(number, HUNG_UP)}</action></recv>'
    steps += ok().replace("<send>", '<send next="99">')
    bye = send(_request("BYE", called, number, "[last_To:]", "b", uri="[$contact]"), again=True)
    note = f"<nop><action>{_note(number, LEFT)}</action></nop>"
    return f'{steps}<label id="96"/>{note}{bye}<recv response="200" next="99"/>'


def _cancel(called: str, number: str) -> str:
    ack = send(_request("ACK", called, number, "[last_To:]"))
    note = f"<nop><action>{_note(number, CANCELLED)}</action></nop>"
    cancel = send(_request("CANCEL", called, number), again=True)
    return f'{note}{cancel}<recv response="200"/><recv response="487"/>{ack}'


def _note(number: str, what: str) -> str:
    return entry(what).replace("[$number]", number)


def _request(
    method: str, called: str, number: str, to: str | None = None, transaction: str = "i", uri: str | None = None
) -> str:
    """`transaction`: a CANCEL and the ACK of a refusal are of the INVITE's, `i`."""
    address = f"sip:{called}@[remote_ip]:[remote_port]"
    return (
        f"{method} {uri or address} SIP/2.0\n"
        f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK[pid]C[call_number]{transaction}\n"
        f"From: <sip:{number}@[local_ip]>;tag=[pid]C[call_number]\n{to or f'To: <{address}>'}\nCall-ID: [call_id]\n"
        f"CSeq: {_SEQUENCE[method]} {method}\nContact: <sip:{number}@[local_ip]:[local_port]>\nMax-Forwards: 70\n"
    )


_SEQUENCE = {"INVITE": 1, "ACK": 1, "CANCEL": 1, "BYE": 2}
