// The place where the topics of a product are listed (V-04), as the broker allows them.
import type { Words } from '../../i18n';

export type TopicAccess = 'publish' | 'subscribe' | 'both';

export interface TopicRow {
  topic: string;
  access: TopicAccess;
  meaning: keyof Words['topicMeaning'];
}

const row = (topic: string, access: TopicAccess, meaning: TopicRow['meaning']): TopicRow => ({
  topic,
  access,
  meaning,
});

/** 物模型 Topic */
export function modelTopics(product: string): TopicRow[] {
  const own = `${product}/\${deviceName}`;
  return [
    row(`$thing/up/property/${own}`, 'publish', 'propertyUp'),
    row(`$thing/down/property/${own}`, 'subscribe', 'propertyDown'),
    row(`$thing/up/event/${own}`, 'publish', 'eventUp'),
    row(`$thing/down/event/${own}`, 'subscribe', 'eventDown'),
    row(`$thing/up/action/${own}`, 'publish', 'actionUp'),
    row(`$thing/down/action/${own}`, 'subscribe', 'actionDown'),
    row(`$thing/up/service/${own}`, 'publish', 'serviceUp'),
    row(`$thing/down/service/${own}`, 'subscribe', 'serviceDown'),
    row(`$thing/up/raw/${own}`, 'publish', 'rawUp'),
    row(`$thing/down/raw/${own}`, 'subscribe', 'rawDown'),
  ];
}

/** 系统级 Topic */
export function systemTopics(product: string, gateway: boolean): TopicRow[] {
  const own = `${product}/\${deviceName}`;
  const forGateways = [
    row(`$gateway/operation/${own}`, 'publish', 'gatewayUp'),
    row(`$gateway/operation/result/${own}`, 'subscribe', 'gatewayDown'),
  ];
  return [
    row(`$ota/report/${own}`, 'publish', 'otaUp'),
    row(`$ota/update/${own}`, 'subscribe', 'otaDown'),
    ...(gateway ? forGateways : []),
    row(`$rrpc/rxd/${own}/+`, 'subscribe', 'rrpcDown'),
    row(`$rrpc/txd/${own}/\${processId}`, 'publish', 'rrpcUp'),
    row(`$broadcast/rxd/${own}`, 'subscribe', 'broadcast'),
    row(`$sys/operation/${own}`, 'publish', 'sysUp'),
    row(`$sys/operation/result/${own}`, 'subscribe', 'sysDown'),
    row(`$log/operation/${own}`, 'publish', 'logUp'),
    row(`$log/operation/result/${own}`, 'subscribe', 'logDown'),
    row(`$config/report/${own}`, 'publish', 'configUp'),
    row(`$config/update/${own}`, 'subscribe', 'configDown'),
    row(`$shadow/operation/${own}`, 'publish', 'shadowUp'),
    row(`$shadow/operation/result/${own}`, 'subscribe', 'shadowDown'),
    row(`$resource/up/service/${own}`, 'publish', 'resourceUp'),
    row(`$resource/down/service/${own}`, 'subscribe', 'resourceDown'),
  ];
}

/** 自定义 Topic: three by default, enterprise instances only. */
export function customTopics(product: string): TopicRow[] {
  const own = `${product}/\${deviceName}`;
  return [
    row(`${own}/control`, 'subscribe', 'customControl'),
    row(`${own}/event`, 'publish', 'customEvent'),
    row(`${own}/data`, 'both', 'customData'),
  ];
}
