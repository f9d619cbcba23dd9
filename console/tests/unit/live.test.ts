import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveSocket, type LiveData } from '../../src/api/live';

class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: unknown[] = [];
  onopen?: () => void;
  onclose?: () => void;
  onmessage?: (event: { data: string }) => void;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  close(): void {
    this.readyState = 3;
    this.onclose?.();
  }
  say(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

const TOPIC = 'device/PRODUCT001/lamp1/props';
const last = () => FakeSocket.all.at(-1) as FakeSocket;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.stubGlobal('location', { protocol: 'https:', host: 'iot.example:8443' });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('LiveSocket', () => {
  it('subscribes once the line is up, and tells snapshots from deltas', () => {
    const got: [string, LiveData][] = [];
    new LiveSocket().subscribe(TOPIC, {
      onSnapshot: (data) => got.push(['snapshot', data]),
      onDelta: (data) => got.push(['delta', data]),
    });
    expect(last().url).toBe('wss://iot.example:8443/console/ws');
    expect(last().sent).toEqual([]);
    last().open();
    expect(last().sent).toEqual([{ op: 'sub', id: 1, topic: TOPIC }]);
    last().say({ id: 1, kind: 'snapshot', data: { Properties: [] } });
    last().say({ id: 1, kind: 'delta', data: { Properties: [{ Id: 'a', Value: '1' }] } });
    last().say({ id: 9, kind: 'delta', data: {} });
    expect(got).toEqual([
      ['snapshot', { Properties: [] }],
      ['delta', { Properties: [{ Id: 'a', Value: '1' }] }],
    ]);
  });

  it('comes back after a break and subscribes again, with longer and longer waits', () => {
    const up: boolean[] = [];
    const live = new LiveSocket();
    live.watch((connected) => up.push(connected));
    live.subscribe(TOPIC, {});
    last().open();
    last().close();
    expect(FakeSocket.all).toHaveLength(1);
    vi.advanceTimersByTime(700);
    expect(FakeSocket.all).toHaveLength(2);
    last().close();
    vi.advanceTimersByTime(600);
    expect(FakeSocket.all).toHaveLength(2);
    vi.advanceTimersByTime(800);
    expect(FakeSocket.all).toHaveLength(3);
    last().open();
    expect(last().sent).toEqual([{ op: 'sub', id: 1, topic: TOPIC }]);
    expect(up).toEqual([true, false, false, true]);
  });

  it('hangs up a while after the last topic, unless another one comes', () => {
    const live = new LiveSocket();
    const stop = live.subscribe(TOPIC, {});
    last().open();
    stop();
    expect(last().sent).toContainEqual({ op: 'unsub', id: 1 });
    vi.advanceTimersByTime(9_000);
    const stopOther = live.subscribe('product/PRODUCT001/status', {});
    vi.advanceTimersByTime(60_000);
    expect(last().readyState).toBe(1);
    stopOther();
    vi.advanceTimersByTime(10_000);
    expect(last().readyState).toBe(3);
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('says why the server ended a topic', () => {
    const ends: (string | undefined)[] = [];
    const live = new LiveSocket();
    live.subscribe(TOPIC, { onEnd: (error) => ends.push(error?.code) });
    live.subscribe(TOPIC, { onEnd: (error) => ends.push(error?.code) });
    last().open();
    last().say({ id: 1, kind: 'error', code: 'ResourceNotFound.DeviceNotExist', message: 'gone' });
    last().say({ id: 2, kind: 'end' });
    last().say({ id: 2, kind: 'end' });
    expect(ends).toEqual(['ResourceNotFound.DeviceNotExist', undefined]);
  });
});
