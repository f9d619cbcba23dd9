// The place where a service client's rights become what a page shows.
import type { ServiceClientEntry } from '../../api/gen';

/** The server's word for all products of the instance. */
export const ALL = '*';

export function coversAll(client: ServiceClientEntry): boolean {
  return client.Products?.includes(ALL) ?? false;
}

export type ClientState = 'disabled' | 'online' | 'offline';

export function stateOf(client: ServiceClientEntry): ClientState {
  if (!client.Enabled) return 'disabled';
  return client.Online ? 'online' : 'offline';
}
