// The place where live values arrive: one WebSocket per tab, topics subscribed again after a break.
import { useEffect, useRef, useState } from 'react';
import { ApiError } from './client';
import type { DeviceProperty } from './gen';

/** What `/console/ws` sends about a topic. */
export interface LiveData {
  /** `device/{pid}/{name}/props` */
  Properties?: DeviceProperty[];
  /** `device/{pid}/{name}/status` */
  Status?: number;
  /** `device/{pid}/{name}/messages` */
  Messages?: LiveMessage[];
  /** Some messages were dropped because this page was slow. */
  Lost?: boolean;
  /** `product/{pid}/status` */
  Devices?: { DeviceName: string; Status: number; LoginTime?: number }[];
}

export interface LiveMessage {
  Time: number;
  Direction: string;
  Topic: string;
  Payload: string;
  Encoding?: string;
  Qos?: number;
}

export interface Listener {
  onSnapshot?: (data: LiveData) => void;
  onDelta?: (data: LiveData) => void;
  /** The server refuses the topic, or what it is about was deleted. */
  onEnd?: (error?: ApiError) => void;
}

interface Frame {
  id: number;
  kind: 'snapshot' | 'delta' | 'error' | 'end';
  data?: LiveData;
  code?: string;
  message?: string;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
/** The socket lingers so that a change of page does not reconnect. */
const LINGER = 10_000;

/** The tab's socket: opened by the first topic, closed a while after the last. */
export class LiveSocket {
  private socket?: WebSocket;
  private wait = FIRST_WAIT;
  private timer?: ReturnType<typeof setTimeout>;
  private next = 1;
  private readonly topics = new Map<number, { topic: string; listener: Listener }>();
  private readonly watchers = new Set<(connected: boolean) => void>();

  get connected(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Begins to look at a topic; the answer ends it. */
  subscribe(topic: string, listener: Listener): () => void {
    const id = this.next++;
    this.topics.set(id, { topic, listener });
    if (this.connected) this.send({ op: 'sub', id, topic });
    else this.open();
    return () => {
      if (!this.topics.delete(id)) return;
      if (this.connected) this.send({ op: 'unsub', id });
      if (this.topics.size === 0) this.schedule(() => this.close(), LINGER);
    };
  }

  watch(watcher: (connected: boolean) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  private open(): void {
    if (this.socket && this.socket.readyState <= WebSocket.OPEN) return;
    clearTimeout(this.timer);
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/console/ws`);
    this.socket = socket;
    socket.onopen = () => {
      this.wait = FIRST_WAIT;
      for (const [id, { topic }] of this.topics) this.send({ op: 'sub', id, topic });
      this.tell(true);
    };
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.tell(false);
      if (this.topics.size > 0) this.retry();
    };
  }

  private retry(): void {
    const jitter = 0.7 + Math.random() * 0.6;
    this.schedule(() => this.topics.size > 0 && this.open(), this.wait * jitter);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  private schedule(task: () => void, after: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(task, after);
  }

  private close(): void {
    if (this.topics.size > 0) return;
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }

  private receive(text: unknown): void {
    const frame = parse(text);
    const entry = frame && this.topics.get(frame.id);
    if (!frame || !entry) return;
    if (frame.kind === 'snapshot') entry.listener.onSnapshot?.(frame.data ?? {});
    else if (frame.kind === 'delta') entry.listener.onDelta?.(frame.data ?? {});
    else {
      this.topics.delete(frame.id);
      entry.listener.onEnd?.(frame.code ? new ApiError(frame.code, frame.message ?? '') : undefined);
    }
  }

  private send(value: unknown): void {
    this.socket?.send(JSON.stringify(value));
  }

  private tell(connected: boolean): void {
    for (const watcher of this.watchers) watcher(connected);
  }
}

function parse(text: unknown): Frame | undefined {
  try {
    return JSON.parse(String(text)) as Frame;
  } catch {
    return undefined;
  }
}

export const live = new LiveSocket();

/** Looks at `topic` while the component is shown; `undefined` looks at nothing. Says whether the line is up. */
export function useLive(topic: string | undefined, listener: Listener): boolean {
  const [connected, setConnected] = useState(live.connected);
  const newest = useRef(listener);
  useEffect(() => {
    newest.current = listener;
  });
  useEffect(() => live.watch(setConnected), []);
  useEffect(() => {
    if (!topic) return undefined;
    return live.subscribe(topic, {
      onSnapshot: (data) => newest.current.onSnapshot?.(data),
      onDelta: (data) => newest.current.onDelta?.(data),
      onEnd: (error) => newest.current.onEnd?.(error),
    });
  }, [topic]);
  return connected;
}
