/** The websocket to the switch, as JsSIP uses sockets. Its first message brings the credentials, all others are SIP, but for a ping. */

import type { Socket } from "jssip/lib/Socket";

/** The server's question whether the page is awake, and the answer (tongdai/phone/relay.py). */
const PING = "\r\n\r\n";
const PONG = "\r\n";

/** The name of this page, by which the server knows it when it connects again: another page has no call of this one. */
const PAGE: string | undefined = crypto.randomUUID?.();

export type Credentials = { username: string; password: string };

type Heard = {
  /** Another password may have come than the last time. */
  credentials: (of: Credentials) => void;
  /** The connection has ended; whether another one is to be made by itself. */
  closed: (code: number, opened: boolean) => void;
};

export class Connection implements Socket {
  readonly url: string;
  readonly via_transport = "WS";
  readonly sip_uri = "sip:tongdai.invalid;transport=ws";
  onconnect = (): void => {};
  ondisconnect = (_error: boolean, _code?: number, _reason?: string): void => {};
  ondata = <T>(_event: T): void => {};
  #socket: WebSocket | null = null;
  #signedOn = false;
  #take: boolean;

  constructor(private readonly csrfToken: string, take: boolean, private readonly heard: Heard) {
    this.url = `${location.origin.replace(/^http/, "ws")}/phone`;
    this.#take = take;
  }

  /** Called by JsSIP, too: it finds the first connection there already, since its credentials were needed before. */
  connect(): void {
    if (this.#socket) {
      if (this.#signedOn) queueMicrotask(() => this.onconnect());
      return;
    }
    const query = new URLSearchParams({ ...(PAGE && { page: PAGE }), ...(this.#take && { take: "1" }) });
    const socket = new WebSocket(`${this.url}?${query}`, ["sip", `csrf.${this.csrfToken}`]);
    this.#socket = socket;
    this.#take = false;
    let opened = false;
    socket.onopen = () => (opened = true);
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      if (data === PING) return socket.send(PONG);
      if (this.#signedOn) return this.ondata(data);
      this.#signedOn = true;
      this.heard.credentials(JSON.parse(data) as Credentials);
      this.onconnect();
    };
    socket.onclose = ({ code, reason }) => {
      if (this.#socket !== socket) return;
      this.#forget();
      this.heard.closed(code, opened);
      this.ondisconnect(true, code, reason);
    };
  }

  disconnect(): void {
    const socket = this.#socket;
    this.#forget();
    socket?.close(1000);
  }

  send(message: string): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(message);
    return true;
  }

  isConnected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  isConnecting(): boolean {
    return this.#socket?.readyState === WebSocket.CONNECTING;
  }

  #forget(): void {
    this.#socket = null;
    this.#signedOn = false;
  }
}
