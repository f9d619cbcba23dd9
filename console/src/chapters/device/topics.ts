// The place where the topics of one device are grouped for its logs (日志类型) and for publishing to it.
import { customTopics, modelTopics, systemTopics, type TopicRow } from '../product/topics';

export const TOPIC_KINDS = ['property', 'event', 'action', 'service', 'raw', 'system', 'custom'] as const;
export type TopicKind = (typeof TOPIC_KINDS)[number];

const NAME = '${deviceName}';

function own(rows: readonly TopicRow[], device: string): TopicRow[] {
  return rows
    .map((row) => ({ ...row, topic: row.topic.replace(NAME, device) }))
    .filter((row) => !/\+|\$\{/.test(row.topic));
}

/** The exact topics of a kind; those with a changing part cannot be asked for. */
export function topicsOf(kind: TopicKind, product: string, device: string, gateway: boolean): TopicRow[] {
  if (kind === 'custom') return own(customTopics(product), device);
  if (kind === 'system') return own(systemTopics(product, gateway), device);
  const family = new RegExp(`^\\$thing/(up|down)/${kind}/`);
  return own(modelTopics(product), device).filter((row) => family.test(row.topic));
}

/** What a device may subscribe to: there messages can be published to it. */
export function downTopics(
  product: string,
  device: string,
  gateway: boolean,
  enterprise: boolean,
): TopicRow[] {
  const kinds = TOPIC_KINDS.filter((kind) => kind !== 'custom' || enterprise);
  return kinds
    .flatMap((kind) => topicsOf(kind, product, device, gateway))
    .filter((row) => row.access !== 'publish');
}

/** A topic without the part that all topics of the device share: `$thing/up/property`, `…/control`. */
export function shortTopic(topic: string, product: string, device: string): string {
  const own = `${product}/${device}`;
  if (topic.startsWith(`${own}/`)) return `…${topic.slice(own.length)}`;
  if (topic.endsWith(`/${own}`)) return topic.slice(0, -own.length - 1);
  return topic.replace(`/${own}/`, '/…/');
}
