// The place where the console talks to the server: one typed call per action, one kind of error.
import type { ActionName, Actions } from './gen';

/** What the server answers instead of a result. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly requestId = '',
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** The session is over or was never begun. */
  get signedOut(): boolean {
    return this.code === 'AuthFailure.TokenFailure';
  }

  /** A policy forbids it. */
  get forbidden(): boolean {
    return this.code.startsWith('UnauthorizedOperation') || this.code === 'AuthFailure.UnauthorizedOperation';
  }
}

interface Watch {
  language: () => string;
  signedOut: () => void;
}

let watch: Watch = { language: () => 'zh-CN', signedOut: () => undefined };

/** The shell says which language messages should have, and what to do when the session is over. */
export function watchCalls(given: Watch): void {
  watch = given;
}

interface Envelope {
  Response?: { RequestId?: string; Error?: { Code: string; Message: string } } & Record<string, unknown>;
}

export async function call<A extends ActionName>(
  action: A,
  params: Actions[A][0],
  signal?: AbortSignal,
): Promise<Actions[A][1]> {
  const answer = await send(action, params, signal);
  const response = await envelope(answer);
  if (response.Error) {
    const error = new ApiError(response.Error.Code, response.Error.Message, response.RequestId);
    // The first question of all is whether there is a session: its answer ends none.
    if (error.signedOut && action !== 'DescribeSession') watch.signedOut();
    throw error;
  }
  return response as Actions[A][1];
}

async function send(action: string, params: unknown, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch('/api', {
      method: 'POST',
      credentials: 'same-origin',
      headers: {
        'Content-Type': 'application/json',
        'X-TC-Action': action,
        'X-TC-Version': '2019-04-23',
        'X-TC-Language': watch.language(),
      },
      body: JSON.stringify(params),
      signal,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError('Network', 'the server cannot be reached');
  }
}

async function envelope(answer: Response): Promise<NonNullable<Envelope['Response']>> {
  const body = (await answer.json().catch(() => null)) as Envelope | null;
  if (body?.Response) return body.Response;
  throw new ApiError(answer.ok ? 'BadAnswer' : `Http${answer.status}`, `HTTP ${answer.status}`);
}
