// The place where the events and the actions of a device are looked up (D-06, D-07).
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ActionLogEntry, EventHistoryItem } from '../../api/gen';
import { Card, formatTime, Label, Select, Tabs, type Column, type Tone } from '../../kit';
import { formatValue } from '../../thing-model/format';
import type { EventType, Param } from '../../thing-model/types';
import { useDevice } from './context';
import { LogTable } from './LogTable';
import { Payload } from './Payload';
import { usePages } from './usePages';
import { useRange } from './useRange';
import { EventTag } from './words';

type Kind = 'event' | 'action';

export default function ModelLogTab() {
  const { t } = useTranslation();
  const [kind, setKind] = useState<Kind>('event');
  return (
    <Card>
      <Tabs
        label={t('device.tab.model')}
        value={kind}
        onChange={setKind}
        tabs={[
          { value: 'event', text: t('model.event') },
          { value: 'action', text: t('model.action') },
        ]}
      />
      {kind === 'event' ? <Events /> : <Actions />}
    </Card>
  );
}

const PAGE = 50;
const ALL = 'all';
const TYPES: readonly EventType[] = ['info', 'alert', 'fault'];

/** What one line says of some values: `电压 176.3 V · 故障代码 17`. */
function summary(params: readonly Param[], json: string | undefined): string {
  let values: unknown;
  try {
    values = JSON.parse(json || '{}');
  } catch {
    return json ?? '';
  }
  if (typeof values !== 'object' || values === null) return json ?? '';
  return Object.entries(values)
    .map(([id, value]) => {
      const param = params.find((one) => one.id === id);
      return param ? `${param.name} ${formatValue(param.define, value)}` : `${id} ${JSON.stringify(value)}`;
    })
    .join(' · ');
}

function Events() {
  const { t } = useTranslation();
  const { key, model } = useDevice();
  const ranging = useRange('24h');
  const [type, setType] = useState<string>(ALL);
  const [id, setId] = useState<string>(ALL);
  const pages = usePages(
    'ListEventHistory',
    {
      ...key,
      Type: type === ALL ? undefined : type,
      EventId: id === ALL ? undefined : id,
      // This action counts in seconds.
      StartTime: Math.floor(ranging.range.from / 1000),
      EndTime: Math.floor(ranging.range.to / 1000),
      Size: PAGE,
    },
    (answer) => answer.EventHistory,
  );
  const eventOf = (one: EventHistoryItem) => model.events.find((event) => event.id === one.EventId);
  const columns: Column<EventHistoryItem>[] = [
    { key: 'time', title: t('device.time'), width: 200, render: (one) => formatTime(one.TimeStamp, true) },
    {
      key: 'id',
      title: t('model.event'),
      width: '24%',
      render: (one) => <NameAndId name={eventOf(one)?.name} id={one.EventId} />,
    },
    { key: 'type', title: t('model.eventType'), width: 100, render: (one) => <EventTag type={one.Type} /> },
    {
      key: 'data',
      title: t('device.content'),
      ellipsis: true,
      render: (one) => summary(eventOf(one)?.params ?? [], one.Data),
    },
  ];
  return (
    <LogTable
      label={t('device.events')}
      columns={columns}
      pages={pages}
      ranging={ranging}
      empty={t('device.noEvents')}
      detail={(one) => <Payload text={one.Data ?? ''} />}
      filters={
        <>
          <Select
            label={t('model.eventType')}
            className="device-filter"
            value={type}
            onChange={setType}
            options={[
              { value: ALL, text: t('device.allTypes') },
              ...TYPES.map((one) => ({ value: one as string, text: t(`model.${one}`) })),
            ]}
          />
          <Select
            label={t('model.event')}
            className="device-filter"
            value={id}
            onChange={setId}
            options={[
              { value: ALL, text: t('device.allEvents') },
              ...model.events.map((one) => ({ value: one.id, text: one.name })),
            ]}
          />
        </>
      }
    />
  );
}

function NameAndId({ name, id }: { name: string | undefined; id: string | undefined }) {
  return (
    <span className="device-named">
      {name && <span>{name}</span>}
      <code className="k-mono k-quiet">{id}</code>
    </span>
  );
}

const STATES: Record<string, Tone> = { sent: 'info', replied: 'good', timeout: 'warn', unreachable: 'bad' };

/** 已下发, 已回复, 超时, 不可达 */
export function ActionState({ one }: { one: ActionLogEntry }) {
  const { t } = useTranslation();
  const { State: state = '', Code: code = 0 } = one;
  if (state === 'replied' && code !== 0)
    return <Label tone="bad">{t('device.actionFailed', { code })}</Label>;
  if (!(state in STATES)) return <Label>{state}</Label>;
  return <Label tone={STATES[state]}>{t(`device.actionState.${state as 'sent'}`)}</Label>;
}

function Actions() {
  const { t } = useTranslation();
  const { key, model } = useDevice();
  const ranging = useRange('24h');
  const [id, setId] = useState<string>(ALL);
  const pages = usePages(
    'DescribeActionLogs',
    {
      ...key,
      ActionId: id === ALL ? undefined : id,
      StartTime: ranging.range.from,
      EndTime: ranging.range.to,
      Limit: PAGE,
    },
    (answer) => answer.Logs,
  );
  const actionOf = (one: ActionLogEntry) => model.actions.find((action) => action.id === one.ActionId);
  const columns: Column<ActionLogEntry>[] = [
    { key: 'time', title: t('device.time'), width: 200, render: (one) => formatTime(one.Time, true) },
    {
      key: 'id',
      title: t('model.action'),
      width: '20%',
      render: (one) => <NameAndId name={actionOf(one)?.name} id={one.ActionId} />,
    },
    {
      key: 'input',
      title: t('model.input'),
      ellipsis: true,
      render: (one) => summary(actionOf(one)?.input ?? [], one.InputParams),
    },
    {
      key: 'output',
      title: t('model.output'),
      ellipsis: true,
      render: (one) => summary(actionOf(one)?.output ?? [], one.OutputParams),
    },
    { key: 'state', title: t('device.state'), width: 120, render: (one) => <ActionState one={one} /> },
  ];
  return (
    <LogTable
      label={t('device.actions')}
      columns={columns}
      pages={pages}
      ranging={ranging}
      empty={t('device.noActions')}
      detail={(one) => <ActionDetail one={one} />}
      filters={
        <Select
          label={t('model.action')}
          className="device-filter"
          value={id}
          onChange={setId}
          options={[
            { value: ALL, text: t('device.allActions') },
            ...model.actions.map((action) => ({ value: action.id, text: action.name })),
          ]}
        />
      }
    />
  );
}

function ActionDetail({ one }: { one: ActionLogEntry }) {
  const { t } = useTranslation();
  return (
    <div className="device-two">
      <div>
        <strong>{t('model.input')}</strong>
        <Payload text={one.InputParams || '{}'} />
      </div>
      <div>
        <strong>{t('model.output')}</strong>
        <Payload text={one.OutputParams || '{}'} />
        {one.Status && <p className="k-quiet">{one.Status}</p>}
        <p className="k-quiet k-mono">ClientToken {one.ClientToken}</p>
      </div>
    </div>
  );
}
