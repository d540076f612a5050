/** The sound of a phone that rings, on an output of the agent's choice: not in the headset that lies on the desk. */

const DEVICE = "tongdai.ringer";
/** The ringing signal of Vietnam's network: 425 Hz, 1 s of 5. */
const HZ = 425;
const SOUNDS_S = 1;
const PERIOD_S = 5;
const LOUDNESS = 0.3;

/** One period of it, with edges that do not click. */
export function samples(rate: number): Float32Array<ArrayBuffer> {
  const made = new Float32Array(PERIOD_S * rate);
  const edge = rate / 100;
  const end = SOUNDS_S * rate;
  for (let at = 0; at < end; at++) made[at] = LOUDNESS * Math.min(1, at / edge, (end - at) / edge) * Math.sin((2 * Math.PI * HZ * at) / rate);
  return made;
}

/** Contexts of browsers that choose an output: Chromium's. Others ring on the one of the system. */
type Context = AudioContext & { setSinkId?: (id: string) => Promise<void> };

class Ringtone {
  #context: Context | null = null;

  /** The outputs to choose from, where the browser lets choose, and the one that is used ("": the system's). */
  async outputs(): Promise<{ devices: MediaDeviceInfo[]; used: string }> {
    const chooses = "setSinkId" in AudioContext.prototype;
    const devices = chooses ? (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "audiooutput") : [];
    const used = localStorage.getItem(DEVICE) ?? "";
    return { devices, used: devices.some(({ deviceId }) => deviceId === used) ? used : "" };
  }

  choose(deviceId: string): void {
    localStorage.setItem(DEVICE, deviceId);
  }

  /** Ring until `stop`; `once`: one period. */
  start(once = false): void {
    this.stop();
    const context: Context = new AudioContext();
    this.#context = context;
    const sound = context.createBuffer(1, PERIOD_S * context.sampleRate, context.sampleRate);
    sound.copyToChannel(samples(context.sampleRate), 0);
    const source = context.createBufferSource();
    source.buffer = sound;
    source.loop = !once;
    source.connect(context.destination);
    source.onended = () => this.#context === context && this.stop();
    void this.outputs()
      .then(({ used }) => (used ? context.setSinkId?.(used) : undefined))
      .catch(() => undefined) // an output that is gone: the system's rings
      .then(() => this.#context === context && source.start());
  }

  stop(): void {
    void this.#context?.close();
    this.#context = null;
  }
}

export const ringtone = new Ringtone();
