/** A device on the npm client `mqtt`, with Tencent's user name and password. */
import { createHmac } from 'node:crypto';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Server } from './server.js';

type Message = {
  topic: string; method: string; clientToken: string; params?: Record<string, unknown>; [key: string]: unknown;
};

/** What any MQTT client asks for; the console shows it for each device. */
export type Login =
  | { clientId: string; username: string; password: string }
  | { clientId: string; cert: string; key: string; ca: Buffer | string };

export class Device {
  private readonly heard: Message[] = [];
  private sent = 0;
  private wake: () => void = () => {};

  private constructor(
    private readonly client: MqttClient, private readonly product: string, private readonly name: string,
  ) {}

  static connect(server: Server, product: string, name: string, secret: string): Promise<Device> {
    const clientId = product + name;
    const username = `${clientId};12010126;e2e00;${Math.floor(Date.now() / 1000) + 3600}`;
    const hmac = createHmac('sha1', Buffer.from(secret, 'base64')).update(username).digest('hex');
    const login = { clientId, username, password: `${hmac};hmacsha1` };
    return Device.login(server.mqtt, login, product, name);
  }

  static async login(url: string, login: Login, product: string, name: string): Promise<Device> {
    const client = await connectAsync(url, { ...login, clean: true, reconnectPeriod: 0, protocolVersion: 4 });
    const device = new Device(client, product, name);
    client.on('message', (topic, payload) => {
      device.heard.push({ ...(JSON.parse(payload.toString()) as Message), topic });
      device.wake();
    });
    for (const family of ['property', 'event', 'action']) {
      await device.subscribe(`$thing/down/${family}/${product}/${name}`);
    }
    return device;
  }

  async subscribe(topic: string): Promise<void> {
    await this.client.subscribeAsync(topic, { qos: 1 });
  }

  async send(family: 'property' | 'event' | 'action', message: object | string): Promise<void> {
    const topic = `$thing/up/${family}/${this.product}/${this.name}`;
    await this.client.publishAsync(topic, typeof message === 'string' ? message : JSON.stringify(message), { qos: 1 });
  }

  async report(params: Record<string, unknown>): Promise<void> {
    await this.send('property', { method: 'report', clientToken: this.token(), params });
    const reply = await this.expect('report_reply');
    if (reply.code !== 0) throw new Error(`report was refused: ${JSON.stringify(reply)}`);
  }

  async event(eventId: string, type: string, params: Record<string, unknown>): Promise<void> {
    await this.send('event', {
      method: 'event_post', clientToken: this.token(), eventId, type, timestamp: Date.now(), params,
    });
    const reply = await this.expect('event_reply');
    if (reply.code !== 0) throw new Error(`event was refused: ${JSON.stringify(reply)}`);
  }

  /** Takes the next control and obeys: the new values are reported. */
  async obey(): Promise<Record<string, unknown>> {
    const { clientToken, params = {} } = await this.expect('control');
    await this.send('property', { method: 'control_reply', clientToken, code: 0, status: '' });
    await this.report(params);
    return params;
  }

  /** Takes the next call of an action and answers it. */
  async answer(response: Record<string, unknown>, code = 0, status = 'done'): Promise<Message> {
    const call = await this.expect('action');
    await this.send('action', { method: 'action_reply', clientToken: call.clientToken, code, status, response });
    return call;
  }

  /** The next message with this method; others before it are thrown away. */
  expect(method: string): Promise<Message> {
    return this.next(method, (message) => message.method === method);
  }

  /** The next message of a topic. */
  from(topic: string): Promise<Message> {
    return this.next(topic, (message) => message.topic === topic);
  }

  private async next(what: string, fits: (message: Message) => boolean, ms = 10_000): Promise<Message> {
    const deadline = Date.now() + ms;
    for (;;) {
      const message = this.heard.shift();
      if (message && fits(message)) return message;
      if (message) continue;
      if (Date.now() > deadline) throw new Error(`no ${what} within ${ms} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.wake = () => { clearTimeout(timer); resolve(); };
      });
    }
  }

  private token(): string {
    this.sent += 1;
    return `${this.name}-${this.sent}`;
  }

  get connected(): boolean {
    return this.client.connected;
  }

  async close(): Promise<void> {
    await this.client.endAsync();
  }
}
