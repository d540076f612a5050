/** A trial of the microphone: what it heard for a few seconds is judged, and played back to the agent. No call is needed. */

import { level } from "./status.ts";

const SPEAK_MS = 3_000;
const BLOCK_S = 0.05;
/** Speech into a headset is far above it, and the hiss of one that is muted far below (of `level`: -42 dB). */
const HEARD = 0.3;

export type Step = "speak" | "listen" | "heard" | "silent";

/** Whether somebody spoke: some block of the samples is loud enough. */
export function spoken(samples: Float32Array, rate: number): boolean {
  const size = Math.ceil(BLOCK_S * rate);
  for (let at = 0; at + size <= samples.length; at += size) if (level(samples.subarray(at, at + size)) >= HEARD) return true;
  return false;
}

/** Record, judge and play back; `step` is called as it proceeds, and last with the result. */
export async function tryMicrophone(microphone: MediaStream, step: (step: Step) => void): Promise<void> {
  step("speak");
  const context = new AudioContext();
  try {
    const recorded = await context.decodeAudioData(await (await record(microphone)).arrayBuffer());
    if (!spoken(recorded.getChannelData(0), recorded.sampleRate)) return step("silent");
    step("listen");
    const source = context.createBufferSource();
    source.buffer = recorded;
    source.connect(context.destination);
    await new Promise<unknown>((resolve) => {
      source.onended = resolve;
      source.start();
    });
    step("heard");
  } catch {
    step("silent"); // the microphone was taken away meanwhile
  } finally {
    void context.close();
  }
}

function record(microphone: MediaStream): Promise<Blob> {
  const recorder = new MediaRecorder(microphone);
  const parts: Blob[] = [];
  recorder.ondataavailable = ({ data }) => void parts.push(data);
  return new Promise((resolve, reject) => {
    recorder.onstop = () => resolve(new Blob(parts));
    recorder.onerror = reject;
    recorder.start();
    setTimeout(() => recorder.state !== "inactive" && recorder.stop(), SPEAK_MS);
  });
}
