import { afterEach, describe, expect, it, vi } from 'vitest';
import { call, watchCalls } from '../../src/api/client';

function answer(body: unknown, status = 200): ReturnType<typeof vi.fn> {
  const text = typeof body === 'string' ? body : JSON.stringify({ Response: body });
  const fetch = vi.fn(() => Promise.resolve(new Response(text, { status })));
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

const refused = (Code: string) => ({ RequestId: 'r1', Error: { Code, Message: 'why' } });

afterEach(() => vi.unstubAllGlobals());

describe('call', () => {
  it('names the action and the language in headers, the parameters in the body', async () => {
    watchCalls({ language: () => 'en-US', signedOut: () => undefined });
    const fetch = answer({ RequestId: 'r1', Product: { ProductId: 'X' } });
    const got = await call('DescribeStudioProduct', { ProductId: 'X' });
    expect(got.Product?.ProductId).toBe('X');
    const [url, init] = fetch.mock.calls[0] as [string, RequestInit];
    expect([url, init.method, init.body]).toEqual(['/api', 'POST', '{"ProductId":"X"}']);
    expect(init.headers).toMatchObject({ 'X-TC-Action': 'DescribeStudioProduct', 'X-TC-Language': 'en-US' });
  });

  it('throws what the server says', async () => {
    answer(refused('UnauthorizedOperation'));
    const error = await call('DescribeCategories', {}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'UnauthorizedOperation',
      message: 'why',
      requestId: 'r1',
      forbidden: true,
    });
  });

  it('reports the end of the session, but not wrong passwords and not the first question', async () => {
    const signedOut = vi.fn();
    watchCalls({ language: () => 'zh-CN', signedOut });
    answer(refused('AuthFailure'));
    await expect(call('Login', { UserName: 'a', Password: 'b' })).rejects.toThrow('why');
    answer(refused('AuthFailure.TokenFailure'));
    await expect(call('DescribeSession', {})).rejects.toThrow('why');
    expect(signedOut).not.toHaveBeenCalled();
    await expect(call('DescribeCategories', {})).rejects.toThrow('why');
    expect(signedOut).toHaveBeenCalledOnce();
  });

  it('makes errors of what is no answer', async () => {
    answer('<html>', 502);
    await expect(call('DescribeCategories', {})).rejects.toMatchObject({ code: 'Http502' });
    answer('<html>');
    await expect(call('DescribeCategories', {})).rejects.toMatchObject({ code: 'BadAnswer' });
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')));
    await expect(call('DescribeCategories', {})).rejects.toMatchObject({ code: 'Network' });
  });
});
