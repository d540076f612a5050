/**
 * The phone of this browser: it signs on at the switch through our own server, and is called once when the agent signs
 * in (or for each call, in mode ring). One tab has it, by a Web Lock; one browser, by the server.
 *
 *     start ─▶ lock ─▶ connection: credentials ─▶ microphone ─▶ sign on ─▶ ready ─▶ checking ─▶ connected, or ringing
 *
 * A call that was answered is connected once browser and switch have reached each other by the ports of sound, and agreed on keys there:
 * until then nobody hears anything. A connection for which that fails is hung up, so that its agent is given no caller.
 *
 * Whether the switch can reach it is what the server says of the agent, and not what is known here.
 */

import type { RTCSession } from "jssip/lib/RTCSession";
import type { UA } from "jssip/lib/UA";
import { Connection, type Credentials } from "./connection.ts";
import { ringtone } from "./ringtone.ts";
import { again, closed, level, picksUp, type Status } from "./status.ts";

const AUDIO: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
/** Candidates of other networks may take 40 s to be found; the first ones are those that work. */
const CANDIDATES_MS = 500;
const RETRY_MS = 1_000;
/** How long browser and switch may need to reach each other by the ports of sound: in a network that lets them through it takes a second. */
const MEDIA_MS = 6_000;
const DEVICE = "tongdai.microphone";

export type Shown = {
  status: Status;
  /** Time from the request to sign on to its answer, in ms. */
  roundTrip: number | null;
};

class Phone {
  #shown: Shown = { status: "off", roundTrip: null };
  #listeners = new Set<() => void>();
  #csrfToken = "";
  #agent: number | null = null;
  #connection: Connection | null = null;
  #ua: UA | null = null;
  #session: RTCSession | null = null;
  #microphone: MediaStream | null = null;
  #meter: { analyser: AnalyserNode; samples: Float32Array<ArrayBuffer>; context: AudioContext } | null = null;
  #audio: HTMLAudioElement | null = null;
  #unlock: (() => void) | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #askedAt = 0;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly shown = (): Shown => this.#shown;

  /** Be the phone of an agent, unless it is already. `take`: also where another tab, browser or desk phone is it. */
  start(agent: number, csrfToken: string, take = false): void {
    if (this.#agent === agent && this.#csrfToken === csrfToken && !take && this.#shown.status !== "off") return;
    this.stop();
    this.#agent = agent;
    this.#csrfToken = csrfToken;
    this.#show("connecting");
    this.#lock(`tongdai.phone.${agent}`, take, () => this.#connect(take));
  }

  /** Ask for the microphone, or sign on, again. */
  again(): void {
    if (this.#agent !== null) {
      const agent = this.#agent;
      this.stop();
      this.start(agent, this.#csrfToken);
    }
  }

  stop(status: Status = "off"): void {
    clearTimeout(this.#retry);
    this.#hangUp();
    const [ua, connection] = [this.#ua, this.#connection];
    this.#ua = this.#connection = null;
    ua?.removeAllListeners();
    ua?.stop();
    connection?.disconnect();
    this.#releaseMicrophone();
    this.#unlock?.();
    this.#unlock = null;
    this.#show(status);
  }

  answer(): void {
    const session = this.#session;
    if (!session || !this.#microphone) return;
    session.answer({ mediaStream: this.#microphone, mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } });
  }

  /** The server has ended the call, whatever this browser heard of it. */
  over(): void {
    if (this.#session && !this.#session.isInProgress()) this.#hangUp();
  }

  /** How loud the microphone is now, 0 to 1; null: there is none. */
  level(): number | null {
    if (!this.#meter) return null;
    this.#meter.analyser.getFloatTimeDomainData(this.#meter.samples);
    return level(this.#meter.samples);
  }

  /** The microphone that is open; null: none is. */
  microphone(): MediaStream | null {
    return this.#microphone;
  }

  /** The microphones to choose from, and the one that is used. */
  async microphones(): Promise<{ devices: MediaDeviceInfo[]; used: string | undefined }> {
    const devices = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "audioinput");
    return { devices, used: this.#microphone?.getAudioTracks()[0]?.getSettings().deviceId };
  }

  /** Use another microphone, also in a call. */
  async choose(deviceId: string): Promise<void> {
    localStorage.setItem(DEVICE, deviceId);
    if (!(await this.#openMicrophone())) return;
    const track = this.#microphone?.getAudioTracks()[0];
    const sender = this.#session?.connection?.getSenders().find((one) => one.track?.kind === "audio");
    if (track) await sender?.replaceTrack(track);
  }

  #show(status: Status, roundTrip: number | null = this.#shown.roundTrip): void {
    if (status === "ringing" && this.#shown.status !== "ringing") ringtone.start();
    if (status !== "ringing" && this.#shown.status === "ringing") ringtone.stop();
    this.#shown = { status, roundTrip };
    for (const listener of this.#listeners) listener();
  }

  /** Hold the lock of the agent's phone in this browser, as long as this tab has the phone; wait while another tab has it. */
  #lock(name: string, take: boolean, then: () => void): void {
    if (!navigator.locks) return then(); // no secure context: it is told below
    void this.#hold(name, take ? { steal: true } : { ifAvailable: true }, then).then((held) => {
      if (held) return;
      this.#show("other_tab");
      this.#wait(name, then);
    });
  }

  /** Be the phone once no other tab is. */
  #wait(name: string, then: () => void): void {
    const waiting = new AbortController();
    this.#unlock = () => waiting.abort();
    void this.#hold(name, { signal: waiting.signal }, () => {
      this.#show("connecting");
      then();
    });
  }

  /** Hold the lock until it is given back, or taken by another tab; whether it was held. */
  async #hold(name: string, how: LockOptions, then: () => void): Promise<boolean> {
    let held = false;
    const unlocked = (): Promise<void> => new Promise((resolve) => (this.#unlock = resolve));
    try {
      await navigator.locks.request(name, how, (lock) => {
        if (!lock) return;
        held = true;
        const given = unlocked();
        then();
        return given;
      });
    } catch {
      if (!held) return true; // it no longer waits
      this.#unlock = null;
      this.stop("taken");
      this.#wait(name, then);
    }
    return held;
  }

  #connect(take: boolean): void {
    const connection = new Connection(this.#csrfToken, take, {
      credentials: (of) => void this.#credentials(connection, of),
      closed: (code, opened) => this.#closed(connection, code, opened),
    });
    this.#connection = connection;
    connection.connect();
  }

  async #credentials(connection: Connection, of: Credentials): Promise<void> {
    if (this.#ua) {
      this.#ua.set("password", of.password);
      return;
    }
    if (!isSecureContext || !navigator.mediaDevices) return this.stop("insecure");
    this.#show("asking");
    if (!(await this.#openMicrophone()) || this.#connection !== connection) return;
    this.#show("signing_on");
    const { UA } = await import("jssip");
    if (this.#connection !== connection) return;
    this.#ua = this.#agentOf(new UA({
      sockets: [connection], uri: `sip:${of.username}@tongdai.invalid`, password: of.password, register_expires: 120, session_timers: false,
      connection_recovery_min_interval: 1, connection_recovery_max_interval: 4, user_agent: "Tongdai",
    }));
    this.#askedAt = performance.now();
    this.#ua.start();
  }

  #agentOf(ua: UA): UA {
    ua.on("registered", () => this.#show(this.#session ? this.#talking() : "ready", Math.round(performance.now() - this.#askedAt)));
    ua.on("registrationFailed", () => ua === this.#ua && ua.isConnected() && this.stop("refused"));
    ua.on("connecting", () => (this.#askedAt = performance.now()));
    ua.on("newRTCSession", ({ session, originator, request }: { session: RTCSession; originator: string; request: { getHeader(name: string): string | undefined } }) => {
      if (originator === "remote") this.#called(session, picksUp(request.getHeader("Call-Info")));
    });
    return ua;
  }

  #closed(connection: Connection, code: number, opened: boolean): void {
    if (this.#connection !== connection) return;
    const status = closed(code, opened);
    if (!again(status)) return this.stop(status);
    this.#show(status);
    // Once there is a UA, it connects again by itself, and its call continues.
    if (!this.#ua) this.#retry = setTimeout(() => connection.connect(), RETRY_MS);
  }

  #called(session: RTCSession, picksUp: boolean): void {
    this.#hangUp(); // one that is called anew is no longer in the call that it knows of
    this.#session = session;
    let first = true;
    session.on("icecandidate", ({ ready }: { ready: () => void }) => {
      if (first) setTimeout(ready, CANDIDATES_MS);
      first = false;
    });
    session.on("peerconnection", ({ peerconnection }: { peerconnection: RTCPeerConnection }) => {
      const changed = (): void => {
        if (this.#session === session && session.isEstablished()) this.#show(this.#talking());
      };
      peerconnection.addEventListener("connectionstatechange", changed);
      peerconnection.addEventListener("track", ({ track, streams }) => this.#play(streams[0] ?? new MediaStream([track])));
    });
    session.on("accepted", () => {
      this.#show(this.#talking());
      setTimeout(() => this.#session === session && this.#talking() !== "connected" && this.#silent(picksUp), MEDIA_MS);
    });
    const ended = (): void => {
      if (this.#session !== session) return;
      this.#session = null;
      this.#audio?.pause();
      this.#show(this.#ua?.isRegistered() ? "ready" : "lost");
    };
    session.on("ended", ended);
    session.on("failed", ended);
    if (picksUp) this.answer();
    else this.#show("ringing");
  }

  /** What a call that was answered is: connected, or not yet. */
  #talking(): Status {
    return this.#session?.connection?.connectionState === "connected" ? "connected" : "checking";
  }

  /** No sound comes through. `hangsUp`: it is the connection of the agent, and of no caller. */
  #silent(hangsUp: boolean): void {
    if (hangsUp) this.#hangUp();
    this.#show("no_media");
  }

  #play(stream: MediaStream): void {
    this.#audio ??= new Audio();
    this.#audio.srcObject = stream;
    void this.#audio.play().catch(() => undefined); // allowed to a page that records
  }

  #hangUp(): void {
    const session = this.#session;
    this.#session = null;
    if (session && !session.isEnded()) session.terminate();
    this.#audio?.pause();
  }

  /** Open the microphone that was chosen last, or any. */
  async #openMicrophone(): Promise<boolean> {
    const chosen = localStorage.getItem(DEVICE);
    try {
      const opened = await navigator.mediaDevices.getUserMedia({ audio: chosen ? { ...AUDIO, deviceId: chosen } : AUDIO });
      if (this.#agent === null) return opened.getTracks().forEach((track) => track.stop()), false;
      this.#releaseMicrophone();
      this.#microphone = opened;
      for (const track of opened.getAudioTracks()) track.addEventListener("ended", () => this.#microphone === opened && this.stop("no_microphone"));
      const context = new AudioContext();
      const analyser = context.createAnalyser();
      context.createMediaStreamSource(opened).connect(analyser);
      this.#meter = { analyser, context, samples: new Float32Array(analyser.fftSize) };
      return true;
    } catch (error) {
      const denied = error instanceof DOMException && (error.name === "NotAllowedError" || error.name === "SecurityError");
      this.stop(denied ? "denied" : "no_microphone");
      return false;
    }
  }

  #releaseMicrophone(): void {
    void this.#meter?.context.close();
    this.#meter = null;
    this.#microphone?.getTracks().forEach((track) => track.stop());
    this.#microphone = null;
  }
}

export const phone = new Phone();
