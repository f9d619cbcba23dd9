/** A CA of somebody who makes devices, in a folder of its own: `ca.pem`, `ca.key`, and what openssl makes of them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Authority {
  private readonly folder = mkdtempSync(join(tmpdir(), 'thingd-ca-'));

  constructor(name: string) {
    this.shell(`openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=${name}`);
  }

  /** Runs lines of a shell in the folder. */
  shell(lines: string): void {
    execFileSync('sh', ['-ec', lines], { cwd: this.folder, stdio: 'pipe' });
  }

  file(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  /** The certificate and key of a device: `device.pem`, `device.key`. */
  issue(clientId: string): { cert: string; key: string } {
    this.shell(`openssl req -new -newkey rsa:2048 -nodes -keyout device.key -out device.csr -subj /CN=${clientId}
      openssl x509 -req -in device.csr -CA ca.pem -CAkey ca.key -CAcreateserial -sha256 -days 30 -out device.pem`);
    return { cert: this.file('device.pem'), key: this.file('device.key') };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
