"""A real Asterisk 22 on loopback, with SIPp as carriers and agents. All of it ends with the process of the tests."""

import asyncio
import itertools
import secrets
import signal
import socket
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.support.live import audio, guide, scenarios
from tests.support.servers import eventually
from tongdai.runtime.os_process import die_with_parent
from tongdai.switch import commands
from tongdai.switch.client import Ari, AriClient, SwitchUnreachable

CONF = Path(__file__).parents[2] / "live" / "conf"
USER = "tongdai"
APP = "tongdai"
TRUNK, AGENT = "carrier", "agent1"
CUSTOMER_HZ, AGENT_HZ, GREETING_HZ, CALLER_HZ, MUSIC_HZ = 1000, 700, 440, 1300, 620
SOUNDS = {"greeting": 2, "message": 6, "long": 60}
"""Length of the tone in each file `custom/NAME`, in seconds."""
DEFAULTS = {
    "[general]\n": ("ccss", "cdr", "cel", "features", "manager", "udptl"),
    "": ("acl", "pjproject", "res_curl", "res_http_media_cache", "stasis", "websocket_client"),
}
"""Minimal files without which Asterisk logs errors or does not start."""
START_S, STOP_S = 20.0, 3.0


def number(ending: str, n: int = 0) -> str:
    """The `n`-th Vietnamese mobile number whose callee behaves as `ending` says (see `scenarios`)."""
    return f"8490{n:04d}{ending}"


@dataclass
class Child:
    """A process with a log, which is killed when this process ends."""

    command: list[str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
                preexec_fn=lambda: die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - tests that are killed leave nothing
            )

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self, *signals: signal.Signals) -> None:
        for sig in (*signals, signal.SIGKILL):
            if self.process is None or self.process.poll() is not None:
                return
            self.process.send_signal(sig)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                continue


class Testbed:
    """The switch, the carriers and the phones; `programs` is the folder that `fetch` filled."""

    __test__ = False
    """Not a class of tests, as its name has pytest believe."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder
        self.password, self.carriers, self.agents = (secrets.token_hex(12) for _ in range(3))
        net = f"127.{secrets.randbelow(254) + 1}.{secrets.randbelow(254) + 1}"
        # Each SIPp has an address of its own, and so all ports for media.
        self.addresses = {"CARRIER": f"{net}.1", "TALKERS": f"{net}.2", "AGENT": f"{net}.3", "NOBODY": f"{net}.4"}
        self.http_port, self.sip_port = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
        self.asterisk = Child(
            [str(programs / "asterisk"), "-f", "-C", str(folder / "etc/asterisk.conf")], folder / "asterisk"
        )
        account = ("your-account", self.carriers)
        self.carrier = self._sipp("carrier", scenarios.callee(account=account), "-rtp_echo")
        self.late = self._sipp("late", scenarios.callee(), "-rtp_echo", address="NOBODY")
        """The carrier `dead`, which does not answer until it is started; it then gets retransmitted requests."""
        speech = {scenarios.VOICEMAIL: "voicemail.ulaw", scenarios.ALO: "alo.ulaw"}
        self.talkers = self._sipp(
            "talkers", scenarios.callee("tone.ulaw", hang_up_ms=5000, speech=speech), hz=CUSTOMER_HZ
        )
        audio.write_ulaw(folder / "talkers/voicemail.ulaw", audio.voicemail())
        audio.write_ulaw(folder / "talkers/alo.ulaw", audio.alo())
        self._callers, self._started = 0, list[Child]()
        self._media_ports = itertools.count(40000, 2)
        self.agent = self._sipp("agent", scenarios.callee("tone.ulaw", answer_ms=200), "-trace_msg", hz=AGENT_HZ)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.http_port}"

    def client(self, app: str = APP) -> AriClient:
        return AriClient(self.url, USER, self.password, app)

    def version(self) -> str:
        return subprocess.run([self.programs / "asterisk", "-V"], capture_output=True, text=True, check=True).stdout

    async def start(self) -> None:
        self._configure()
        sounds = self.folder / "data/sounds/custom"
        for name, seconds in SOUNDS.items():
            audio.write_wav(sounds / f"{name}.wav", audio.tone(GREETING_HZ, seconds))
        audio.write_wav(self.folder / "data/moh/music.wav", audio.tone(MUSIC_HZ, 4))
        (sounds / "junk.wav").write_bytes(b"this is no sound")
        for child in (self.carrier, self.talkers):
            child.start()
        await self.start_asterisk()
        await self.phone("registration", scenarios.registration(AGENT, self.agents))
        self.agent.start()
        for child in (self.carrier, self.talkers, self.agent):
            assert child.running, (child.folder / "output").read_text(errors="replace")[-2000:]

    async def phone(self, name: str, scenario: str, port: int = 5060) -> None:
        """Run a scenario once from the agent's phone; assert that it succeeds."""
        child = self._sipp(name, scenario, "-m", "1", f"127.0.0.1:{self.sip_port}", address="AGENT", port=port)
        child.start()
        try:
            await eventually(lambda: not child.running, 20, f"the end of {name}")
        finally:
            child.stop()
        assert child.process is not None
        assert child.process.returncode == 0, (child.folder / "output").read_text(errors="replace")[-2000:]

    def ring_in(self, scenario: str, address: str = "CARRIER") -> Child:
        """Start a caller of `callers.caller`, who comes in from that address. `ledger` has what happened to them."""
        self._callers += 1
        target = f"127.0.0.1:{self.sip_port}"
        port = 6000 + 2 * self._callers
        child = self._sipp(
            f"caller{self._callers}", scenario, "-m", "1", target, address=address, port=port, hz=CALLER_HZ
        )
        child.start()
        self._started.append(child)
        return child

    def media_address(self) -> tuple[str, int]:
        """A new address for the media of a caller, which no SIPp uses."""
        return self.addresses["CARRIER"], next(self._media_ports)

    def callee(self, name: str, scenario: str, port: int, hz: int = AGENT_HZ) -> Child:
        """Another phone, at a port of the agent's address. The caller starts and stops it."""
        return self._sipp(name, scenario, "-trace_msg", address="AGENT", port=port, hz=hz)

    def messages(self, phone: Child) -> str:
        """The SIP messages of a phone."""
        return "".join(path.read_text(errors="replace") for path in phone.folder.glob("*_messages.log"))

    async def endpoints(self) -> set[str]:
        """Names of the switch's endpoints."""
        async with httpx2.AsyncClient(auth=(USER, self.password), timeout=10) as client:
            found = await client.get(f"http://127.0.0.1:{self.http_port}/ari/endpoints/PJSIP")
        return {one["resource"] for one in found.json()}

    async def start_asterisk(self) -> None:
        """Start it and wait until it answers HTTP. Clients wait for anything else that they need."""
        self.asterisk.start()
        await eventually(self._answers, START_S, self._log)

    async def kill_asterisk(self) -> None:
        self.asterisk.stop(signal.SIGKILL)

    async def idle(self, ari: Ari) -> bool:
        """Whether no channel is left, or this client is no longer connected."""
        try:
            return not await commands.channels(ari)
        except SwitchUnreachable:
            return True

    def stop(self) -> None:
        # SIGTERM does not end an Asterisk that has seen a duplicate channel id.
        self.asterisk.stop(signal.SIGTERM)
        for child in (self.carrier, self.late, self.talkers, self.agent, *self._started):
            child.stop()

    def recording(self, name: str) -> Path:
        """The WAV file in which Asterisk stores a recording of that name."""
        return self.folder / "spool/recording" / f"{name}.wav"

    def sound(self, name: str) -> Path:
        """The file of the sound `custom/NAME`."""
        return self.folder / "data/sounds/custom" / f"{name}.wav"

    def add_sound(self, name: str, samples: list[int]) -> None:
        """Put a sound into Asterisk's folder, by its name there."""
        path = self.folder / "data/sounds" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        audio.write_wav(path, samples)

    def ledger(self, callee: Child) -> Counter[tuple[str, str]]:
        """The callees' own records of events: how often each (number, event) happened."""
        ledger = callee.folder / "ledger"
        lines = ledger.read_text().splitlines() if ledger.exists() else []
        return Counter((number, what) for number, _, what in (line.partition(" ") for line in lines))

    def values(self) -> dict[str, str]:
        """Values for the placeholders in the files of the guide."""
        return {
            "bindport = 8088": f"bindport = {self.http_port}",
            "ws://127.0.0.1:8088": self.url,
            "a-long-random-password": self.password,
            "bind = 0.0.0.0:5060": f"bind = 127.0.0.1:{self.sip_port}",
            "sip:sip.carrier.example:5060": f"sip:{self.addresses['CARRIER']}:5060",
            "match = sip.carrier.example": f"match = {self.addresses['CARRIER'].partition(':')[0]}",
            "password-at-the-carrier": self.carriers,
            "password-of-agent1": self.agents,
        }

    def _sipp(
        self, name: str, scenario: str, *flags: str, hz: int | None = None, address: str | None = None, port: int = 5060
    ) -> Child:
        folder, own = self.folder / name, self.addresses[address or name.upper()]
        folder.mkdir(parents=True)
        (folder / "scenario.xml").write_text(scenario)
        if hz is not None:
            audio.write_ulaw(folder / "tone.ulaw", audio.tone(hz, 2))
        command = [str(self.programs / "sipp"), "-sf", "scenario.xml", "-i", own, "-p", str(port), "-nostdin", "-nd"]
        command += ["-mi", own, "-min_rtp_port", "30000", "-max_rtp_port", "39999", "-trace_err"]
        return Child([*command, "-trace_logs", "-log_file", "ledger", *flags], folder)

    def _configure(self) -> None:
        for name in (
            "etc",
            "lib",
            "spool/recording",
            "spool/tmp",
            "run",
            "log",
            "cache",
            "data/sounds/custom",
            "data/moh",
        ):
            (self.folder / name).mkdir(parents=True)
        root = self.programs / "root"
        # The data of the package, and a folder for our own sounds.
        for shipped in (root / "usr/share/asterisk").iterdir():
            if shipped.name != "sounds":
                (self.folder / "data" / shipped.name).symlink_to(shipped)
        (self.folder / "data/sounds/en").symlink_to(root / "usr/share/asterisk/sounds/en")
        values = {
            "RUN": str(self.folder),
            "MODULES": str(next(root.glob("usr/lib/*/asterisk/modules"))),
            "APP": APP,
            "AGENTS": self.agents,
        } | {name: f"{address}:5060" for name, address in self.addresses.items()}
        texts = {f"{name}.conf": text for text, names in DEFAULTS.items() for name in names}
        for path, text in guide.files(self.values()).items():
            folder, _, name = path.rpartition("/")
            if folder == "/etc/asterisk":
                texts[name] = text
            else:
                (self.folder / name).write_text(text)
        for template in CONF.glob("*.conf"):  # settings that only the tests need
            text = template.read_text()
            for name, value in values.items():
                text = text.replace(f"@{name}@", value)
            texts[template.name] = texts.get(template.name, "") + text
        for name, text in texts.items():
            (self.folder / "etc" / name).write_text(text)
        (self.folder / "etc/ari.conf").chmod(0o600)

    @property
    def settings(self) -> Path:
        """The server's settings file from the guide."""
        return self.folder / "tongdai.toml"

    async def _answers(self) -> bool:
        assert self.asterisk.running, self._log()
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.http_port)
        except OSError:
            return False
        writer.close()
        return True

    def _log(self) -> str:
        return (self.folder / "asterisk/output").read_text(errors="replace")[-3000:]


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
