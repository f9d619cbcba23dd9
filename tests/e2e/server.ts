/** The released binary on a folder of its own, ports of the system's choice. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The released binary; `THINGD_BINARY` names another (a debug build reads console/dist from disk). */
const BINARY = process.env.THINGD_BINARY ?? resolve(import.meta.dirname, '../../target/release/thingd');

/** How often one device may connect is tested elsewhere; here it would only make tests wait. */
const UNLIMITED = { THINGD_LIMITS__INSTANCE_RATE: 'false', THINGD_LIMITS__CONNECT_EVERY_S: '0' };

export interface Login {
  Uin: string;
  UserName: string;
  Password: string;
  SecretId: string;
  SecretKey: string;
  PublicInstanceId: string;
  PublicProjectId: string;
  EnterpriseInstanceId: string;
  EnterpriseProjectId: string;
}

export class Server {
  readonly folder = mkdtempSync(join(tmpdir(), 'thingd-e2e-'));
  http = '';
  mqtt = '';
  mqtts = '';
  login!: Login;
  private child!: ChildProcess;

  async start(): Promise<this> {
    const ready = join(this.folder, 'ready.json');
    const data = join(this.folder, 'data');
    rmSync(ready, { force: true });
    const log = openSync(join(this.folder, 'thingd.log'), 'a');
    this.child = spawn(
      BINARY,
      ['serve', '--data', data, '--http', '127.0.0.1:0', '--mqtt', '127.0.0.1:0', '--mqtts', '127.0.0.1:0',
        '--ready-file', ready],
      { stdio: ['ignore', log, log], env: { ...process.env, ...UNLIMITED } },
    );
    for (let tries = 0; !existsSync(ready); tries += 1) {
      if (this.child.exitCode !== null || tries > 1500) throw new Error(`thingd did not start: ${this.log()}`);
      await delay(10);
    }
    const addresses = JSON.parse(readFileSync(ready, 'utf8')) as { http: string; mqtt: string; mqtts: string };
    this.http = `http://${addresses.http}`;
    this.mqtt = `mqtt://${addresses.mqtt}`;
    this.mqtts = `mqtts://${addresses.mqtts}`;
    this.login = JSON.parse(readFileSync(join(data, 'first-login.json'), 'utf8')) as Login;
    return this;
  }

  /** What devices trust. */
  ca(): Buffer {
    return readFileSync(join(this.folder, 'data/tls/ca.pem'));
  }

  log(): string {
    return readFileSync(join(this.folder, 'thingd.log'), 'utf8').slice(-4000);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      await once(this.child, 'exit');
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
