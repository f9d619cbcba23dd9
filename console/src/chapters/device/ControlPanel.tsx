// The place where properties are sent to a device (属性调试): one control per writable property.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAction } from '../../api/hooks';
import { Button, Empty, Label, say, Skeleton } from '../../kit';
import { formatValue } from '../../thing-model/format';
import { PropertyControl } from '../../thing-model/PropertyControl';
import type { Property } from '../../thing-model/types';
import type { Wrong } from '../../thing-model/validate';
import { firstValue, fromJson, makeParams, sameValue } from '../../thing-model/values';
import { useDevice } from './context';
import type { Known, Properties } from './properties';
import { shownValue, wasSent } from './shown';

type Values = Readonly<Record<string, unknown>>;

const without = (values: Values, ids: readonly string[]): Values =>
  Object.fromEntries(Object.entries(values).filter(([id]) => !ids.includes(id)));

export function ControlPanel({ known }: { known: Properties | undefined }) {
  const { t } = useTranslation();
  const { model } = useDevice();
  const [chosen, setChosen] = useState<Values>({});
  const [wrong, setWrong] = useState<Record<string, Wrong>>({});
  const [first] = useState(() =>
    Object.fromEntries(model.properties.map((one) => [one.id, firstValue(one.define)])),
  );
  const { send, sending } = useSend((ids) => setChosen((old) => without(old, ids)), setWrong);
  const writable = model.properties.filter((one) => one.mode === 'rw');
  const changed = writable.filter((one) => Object.hasOwn(chosen, one.id));

  if (writable.length === 0)
    return <Empty title={t('device.noWritable')} text={t('device.noPropertiesText')} />;
  if (!known) return <Skeleton rows={6} />;
  const valueOf = (one: Property) =>
    Object.hasOwn(chosen, one.id) ? chosen[one.id] : shown(one, known, first);
  const choose = (one: Property, value: unknown) => {
    setWrong((old) => Object.fromEntries(Object.entries(old).filter(([id]) => id !== one.id)));
    const before = shown(one, known, first);
    if (sameValue(one.define, value, before)) setChosen((old) => without(old, [one.id]));
    else setChosen((old) => ({ ...old, [one.id]: value }));
  };
  return (
    <>
      <div className="debug-head">
        <span className="k-quiet">{t('device.controlText')}</span>
        <span className="k-spacer" />
        {changed.length > 0 && (
          <button type="button" className="k-link" onClick={() => setChosen({})}>
            {t('device.reset')}
          </button>
        )}
        <Button
          disabled={changed.length === 0}
          loading={sending === 'all'}
          onClick={() => send(changed, chosen, 'all')}
        >
          {t('device.sendAll', { n: changed.length })}
        </Button>
      </div>
      <ul className="debug-controls">
        {writable.map((one) => (
          <ControlRow
            key={one.id}
            property={one}
            known={known.get(one.id)}
            value={valueOf(one)}
            changed={Object.hasOwn(chosen, one.id)}
            wrong={wrong[one.id]}
            busy={sending === one.id}
            onChange={(value) => choose(one, value)}
            onSend={() => send([one], { [one.id]: valueOf(one) }, one.id)}
          />
        ))}
      </ul>
    </>
  );
}

/** First values are chosen once: a time of now must not run on. */
function shown(one: Property, known: Properties, first: Values): unknown {
  const it = known.get(one.id);
  return it?.value || it?.desired ? shownValue(one, it) : first[one.id];
}

/** Sends properties; what went out is no longer a choice of the panel. */
function useSend(onSent: (ids: readonly string[]) => void, onWrong: (wrong: Record<string, Wrong>) => void) {
  const { t } = useTranslation();
  const { key } = useDevice();
  const [sending, setSending] = useState<string>();
  const control = useAction('ControlDeviceData');
  const send = (properties: readonly Property[], values: Values, name: string) => {
    const { json, wrong } = makeParams(properties, values);
    onWrong(wrong);
    if (json === undefined) return;
    setSending(name);
    control.run(
      { ...key, Data: json, Method: 'desired' },
      {
        onSuccess: (answer) => {
          onSent(properties.map((one) => one.id));
          if (wasSent(answer.Result)) say.success(t('device.sent'));
          else say.warning(t('device.pending'));
        },
        onSettled: () => setSending(undefined),
      },
    );
  };
  return { send, sending };
}

interface RowProps {
  property: Property;
  known: Known | undefined;
  value: unknown;
  changed: boolean;
  wrong: Wrong | undefined;
  busy: boolean;
  onChange: (value: unknown) => void;
  onSend: () => void;
}

function ControlRow({ property, known, value, changed, wrong, busy, onChange, onSend }: RowProps) {
  const { t } = useTranslation();
  const { define, id, name } = property;
  const whole = define.type === 'struct' || define.type === 'array';
  return (
    <li className={`debug-control ${whole ? 'is-whole' : ''}`}>
      <div className="debug-name">
        <span title={property.desc || undefined}>{name}</span>
        <code className="k-mono k-quiet" title={id}>
          {id}
        </code>
      </div>
      <div className="debug-value">
        <PropertyControl define={define} value={value} label={name} onChange={onChange} />
        {wrong ? (
          <small className="debug-wrong" role="alert">
            {t(`model.wrong.${wrong}`)}
          </small>
        ) : (
          <small className="k-quiet debug-now" title={formatValue(define, fromJson(known?.value))}>
            {t('device.now', { value: formatValue(define, fromJson(known?.value)) })}
          </small>
        )}
      </div>
      <div className="debug-send">
        <Button
          size="small"
          theme={changed ? 'primary' : 'default'}
          variant={changed ? 'base' : 'outline'}
          loading={busy}
          aria-label={t('device.sendOne', { name })}
          onClick={onSend}
        >
          {t('device.send')}
        </Button>
        {known?.desired && (
          <span title={t('device.desiredText')}>
            <Label tone="warn">{t('device.waiting')}</Label>
          </span>
        )}
      </div>
    </li>
  );
}
