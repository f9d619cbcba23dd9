/** The console's own door, for what a test needs before it looks at a page. */
import { Server } from './server.js';

export class Api {
  private constructor(private readonly server: Server, private readonly cookie: string) {}

  static async login(server: Server): Promise<Api> {
    const { UserName, Password } = server.login;
    const answer = await fetch(`${server.http}/api`, {
      method: 'POST',
      headers: { 'X-TC-Action': 'Login', 'X-TC-Version': '2019-04-23', 'Content-Type': 'application/json' },
      body: JSON.stringify({ UserName, Password }),
    });
    const cookie = answer.headers.getSetCookie()[0]?.split(';')[0];
    if (!cookie) throw new Error(`no cookie: ${await answer.text()}`);
    return new Api(server, cookie);
  }

  /** For a browser's context. */
  session(): { name: string; value: string } {
    const [name = '', value = ''] = this.cookie.split('=');
    return { name, value };
  }

  async call<T = Record<string, unknown>>(action: string, fields: Record<string, unknown> = {}): Promise<T> {
    const answer = await fetch(`${this.server.http}/api`, {
      method: 'POST',
      headers: {
        'X-TC-Action': action, 'X-TC-Version': '2019-04-23', 'Content-Type': 'application/json', Cookie: this.cookie,
      },
      body: JSON.stringify(fields),
    });
    const { Response } = (await answer.json()) as { Response: T & { Error?: { Code: string; Message: string } } };
    if (Response.Error) throw new Error(`${action}: ${Response.Error.Code} ${Response.Error.Message}`);
    return Response;
  }

  async product(name: string, model?: object, more: Record<string, unknown> = {}): Promise<string> {
    const made = await this.call<{ Product: { ProductId: string } }>('CreateStudioProduct', {
      ProductName: name, CategoryId: 1, ProductType: 0, EncryptionType: '2', NetType: 'wifi', DataProtocol: 1,
      ProductDesc: '', ProjectId: this.server.login.EnterpriseProjectId, ...more,
    });
    const { ProductId } = made.Product;
    if (model) await this.call('ModifyModelDefinition', { ProductId, ModelSchema: JSON.stringify(model) });
    return ProductId;
  }

  /** A new device; its secret. */
  async device(product: string, name: string): Promise<string> {
    const made = await this.call<{ Data: { DevicePsk: string } }>('CreateDevice', {
      ProductId: product, DeviceName: name,
    });
    return made.Data.DevicePsk;
  }
}
