// The place where a message is checked before it is published.
import { PAYLOAD_BYTES } from '../../limits';

export type Encoding = 'text' | 'base64';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export type Problem = 'payloadEmpty' | 'payloadNotBase64' | 'payloadLong';

/** A key of `device`, or nothing. */
export function payloadProblem(payload: string, encoding: Encoding): Problem | undefined {
  if (payload === '') return 'payloadEmpty';
  if (encoding === 'base64') {
    if (!BASE64.test(payload)) return 'payloadNotBase64';
    const padding = payload.endsWith('==') ? 2 : payload.endsWith('=') ? 1 : 0;
    return (payload.length / 4) * 3 - padding > PAYLOAD_BYTES ? 'payloadLong' : undefined;
  }
  return new TextEncoder().encode(payload).length > PAYLOAD_BYTES ? 'payloadLong' : undefined;
}
