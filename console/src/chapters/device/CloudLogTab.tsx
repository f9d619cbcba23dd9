// The place where what the cloud noted of a device is read (D-09, D-10, D-11): contents, comings and goings, faults.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import type { ContentLogEntry, DiagnosisLogEntry, OnlineLogEntry } from '../../api/gen';
import { useInstance } from '../../app/guards';
import { Card, formatTime, Label, Select, StatusTag, Tabs, type Column } from '../../kit';
import { useDevice } from './context';
import { LogTable } from './LogTable';
import { Payload } from './Payload';
import { shortTopic, TOPIC_KINDS, topicsOf, type TopicKind } from './topics';
import { usePages } from './usePages';
import { useRange } from './useRange';
import { DirectionTag } from './words';

const KINDS = ['content', 'online', 'diagnosis'] as const;
type Kind = (typeof KINDS)[number];

export default function CloudLogTab() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const kind: Kind = KINDS.find((one) => one === params.get('log')) ?? 'content';
  return (
    <Card>
      <Tabs
        label={t('device.tab.logs')}
        value={kind}
        onChange={(log) => setParams({ log }, { replace: true })}
        tabs={KINDS.map((value) => ({ value, text: t(`device.log.${value}`) }))}
      />
      {kind === 'content' && <Contents />}
      {kind === 'online' && <Onlines />}
      {kind === 'diagnosis' && <Diagnoses />}
    </Card>
  );
}

const PAGE = 50;
const ALL = 'all';
const GATEWAY = '网关';

function Contents() {
  const { t } = useTranslation();
  const { key, productId, name } = useDevice();
  const ranging = useRange('24h');
  const [topic, setTopic] = useState('');
  const [direction, setDirection] = useState(ALL);
  const pages = usePages(
    'DescribeContentLogs',
    {
      ...key,
      Topic: topic || undefined,
      Direction: direction === ALL ? undefined : direction,
      StartTime: ranging.range.from,
      EndTime: ranging.range.to,
      Limit: PAGE,
    },
    (answer) => answer.Logs,
  );
  const columns: Column<ContentLogEntry>[] = [
    { key: 'time', title: t('device.time'), width: 200, render: (one) => formatTime(one.Time, true) },
    {
      key: 'direction',
      title: t('device.direction'),
      width: 96,
      render: (one) => <DirectionTag direction={one.Direction} />,
    },
    {
      key: 'topic',
      title: 'Topic',
      width: 210,
      ellipsis: true,
      render: (one) => (
        <code className="k-mono" title={one.Topic}>
          {shortTopic(one.Topic ?? '', productId, name)}
        </code>
      ),
    },
    {
      key: 'payload',
      title: t('device.content'),
      ellipsis: true,
      render: (one) => (
        <code className="k-mono" title={one.Payload}>
          {one.Payload}
        </code>
      ),
    },
    { key: 'qos', title: 'QoS', width: 56, render: (one) => String(one.Qos ?? 0) },
    { key: 'size', title: t('device.size'), width: 84, render: (one) => `${one.Size ?? 0} B` },
  ];
  return (
    <LogTable
      label={t('device.log.content')}
      columns={columns}
      pages={pages}
      ranging={ranging}
      empty={t('device.noContents')}
      detail={(one) => (
        <>
          <p className="device-topic k-mono">{one.Topic}</p>
          <Payload text={one.Payload ?? ''} encoding={one.Encoding} />
        </>
      )}
      filters={
        <>
          <TopicFilter topic={topic} onChange={setTopic} />
          <Select
            label={t('device.direction')}
            className="device-filter is-narrow"
            value={direction}
            onChange={setDirection}
            options={[
              { value: ALL, text: t('device.bothWays') },
              { value: 'up', text: t('device.up') },
              { value: 'down', text: t('device.down') },
            ]}
          />
        </>
      }
    />
  );
}

/** 日志类型 loads the topics of the type; the first of them is chosen (L1207). */
function TopicFilter({ topic, onChange }: { topic: string; onChange: (topic: string) => void }) {
  const { t } = useTranslation();
  const { enterprise } = useInstance();
  const { productId, name, info } = useDevice();
  const [kind, setKind] = useState<TopicKind | typeof ALL>(ALL);
  const kinds = TOPIC_KINDS.filter((one) => one !== 'custom' || enterprise);
  const of = (one: TopicKind) => topicsOf(one, productId, name, info.DeviceType === GATEWAY);
  const topics = kind === ALL ? [] : of(kind);
  return (
    <>
      <Select
        label={t('device.logType')}
        className="device-filter"
        value={kind}
        onChange={(next) => {
          setKind(next);
          onChange(next === ALL ? '' : (of(next)[0]?.topic ?? ''));
        }}
        options={[
          { value: ALL as TopicKind | typeof ALL, text: t('device.allTypes') },
          ...kinds.map((value) => ({ value, text: t(`device.topicKind.${value}`) })),
        ]}
      />
      <Select
        label="Topic"
        className="device-filter is-wide"
        value={topic || undefined}
        placeholder={t('device.allTopics')}
        disabled={kind === ALL}
        onChange={onChange}
        options={topics.map((row) => ({ value: row.topic, text: row.topic }))}
      />
    </>
  );
}

function Onlines() {
  const { t } = useTranslation();
  const { key } = useDevice();
  const ranging = useRange('7d');
  const pages = usePages(
    'DescribeOnlineLogs',
    { ...key, StartTime: ranging.range.from, EndTime: ranging.range.to, Limit: PAGE },
    (answer) => answer.Logs,
  );
  const reason = (one: OnlineLogEntry) => {
    const known = t(`device.reason.${one.Reason}` as never, { defaultValue: '' }) as string;
    return known ? `${one.Reason} · ${known}` : one.Reason;
  };
  const columns: Column<OnlineLogEntry>[] = [
    { key: 'time', title: t('device.time'), width: 210, render: (one) => formatTime(one.Time, true) },
    {
      key: 'event',
      title: t('device.event'),
      width: 140,
      render: (one) =>
        one.Event === 'online' ? (
          <StatusTag tone="good">{t('device.cameOnline')}</StatusTag>
        ) : (
          <StatusTag tone="warn">{t('device.wentOffline')}</StatusTag>
        ),
    },
    { key: 'reason', title: t('device.reasonTitle'), render: reason },
    {
      key: 'address',
      title: t('device.address'),
      width: 200,
      render: (one) => one.Address && <code className="k-mono">{one.Address}</code>,
    },
  ];
  return (
    <LogTable
      label={t('device.log.online')}
      columns={columns}
      pages={pages}
      ranging={ranging}
      empty={t('device.noOnlines')}
    />
  );
}

function Diagnoses() {
  const { t } = useTranslation();
  const { key } = useDevice();
  const ranging = useRange('24h');
  const pages = usePages(
    'DescribeDiagnosisLogs',
    { ...key, StartTime: ranging.range.from, EndTime: ranging.range.to, Limit: PAGE },
    (answer) => answer.Logs,
  );
  const columns: Column<DiagnosisLogEntry>[] = [
    { key: 'time', title: t('device.time'), width: 200, render: (one) => formatTime(one.Time, true) },
    { key: 'content', title: t('device.content'), render: (one) => one.Content },
    { key: 'result', title: t('device.result'), width: '24%', render: (one) => one.Result },
    {
      key: 'code',
      title: t('device.errCodeMeaning'),
      width: '28%',
      render: (one) => (
        <span className="device-named">
          <span>
            <Label tone="bad" mono>
              {one.ErrCode}
            </Label>
          </span>
          <span>{t(`diagnosis.${one.ErrCode}` as never, { defaultValue: '' }) as string}</span>
        </span>
      ),
    },
  ];
  return (
    <LogTable
      label={t('device.log.diagnosis')}
      columns={columns}
      pages={pages}
      ranging={ranging}
      empty={t('device.noDiagnoses')}
    />
  );
}
