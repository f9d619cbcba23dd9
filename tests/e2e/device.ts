/** A device on the npm client `mqtt`, with Tencent's user name and password. */
import { createHmac } from 'node:crypto';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Server } from './server.js';

type Message = { method: string; clientToken: string; params?: Record<string, unknown>; [key: string]: unknown };

export class Device {
  private readonly heard: Message[] = [];
  private wake: () => void = () => {};

  private constructor(
    private readonly client: MqttClient, private readonly product: string, private readonly name: string,
  ) {}

  static async connect(server: Server, product: string, name: string, secret: string): Promise<Device> {
    const clientId = product + name;
    const username = `${clientId};12010126;e2e00;${Math.floor(Date.now() / 1000) + 3600}`;
    const hmac = createHmac('sha1', Buffer.from(secret, 'base64')).update(username).digest('hex');
    const client = await connectAsync(server.mqtt, {
      clientId, username, password: `${hmac};hmacsha1`, clean: true, reconnectPeriod: 0, protocolVersion: 4,
    });
    const device = new Device(client, product, name);
    client.on('message', (_topic, payload) => {
      device.heard.push(JSON.parse(payload.toString()) as Message);
      device.wake();
    });
    for (const family of ['property', 'event', 'action']) {
      await client.subscribeAsync(`$thing/down/${family}/${product}/${name}`, { qos: 1 });
    }
    return device;
  }

  async send(family: 'property' | 'event' | 'action', message: object): Promise<void> {
    const topic = `$thing/up/${family}/${this.product}/${this.name}`;
    await this.client.publishAsync(topic, JSON.stringify(message), { qos: 1 });
  }

  async report(params: Record<string, unknown>): Promise<void> {
    await this.send('property', { method: 'report', clientToken: 'e2e', params });
    const reply = await this.expect('report_reply');
    if (reply.code !== 0) throw new Error(`report was refused: ${JSON.stringify(reply)}`);
  }

  /** The next message with this method; others before it are thrown away. */
  async expect(method: string, ms = 10_000): Promise<Message> {
    const deadline = Date.now() + ms;
    for (;;) {
      const message = this.heard.shift();
      if (message?.method === method) return message;
      if (message) continue;
      if (Date.now() > deadline) throw new Error(`no ${method} within ${ms} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.wake = () => { clearTimeout(timer); resolve(); };
      });
    }
  }

  async close(): Promise<void> {
    await this.client.endAsync();
  }
}
