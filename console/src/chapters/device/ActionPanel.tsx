// The place where an action of a device is called (行为调用), and its reply is shown.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { ApiError } from '../../api/client';
import { errorText } from '../../api/errors';
import { useAction, useCall } from '../../api/hooks';
import { useTo } from '../../app/guards';
import { Button, Empty, Facts, Field, Label, Notice, Radios, Select } from '../../kit';
import { formatValue } from '../../thing-model/format';
import { ModelForm } from '../../thing-model/ModelForm';
import type { Action } from '../../thing-model/types';
import type { Wrong } from '../../thing-model/validate';
import { firstValue, fromJson, makeParams } from '../../thing-model/values';
import { useDevice } from './context';
import { ActionState } from './ModelLogTab';
import { Payload } from './Payload';

export function ActionPanel() {
  const { t } = useTranslation();
  const { model } = useDevice();
  const [id, setId] = useState(model.actions[0]?.id ?? '');
  const action = model.actions.find((one) => one.id === id);
  if (!action) return <Empty title={t('device.noModelActions')} text={t('device.noPropertiesText')} />;
  return (
    <div className="k-form">
      <Field label={t('model.action')}>
        <Select
          value={id}
          onChange={setId}
          options={model.actions.map((one) => ({ value: one.id, text: one.name, note: one.id }))}
        />
      </Field>
      <Call key={id} action={action} />
    </div>
  );
}

type Way = 'sync' | 'async';

interface Outcome {
  way: Way;
  began: number;
  took: number;
  token?: string;
  status?: string;
  output?: string;
  error?: ApiError;
}

function Call({ action }: { action: Action }) {
  const { t } = useTranslation();
  const { online } = useDevice();
  const [values, setValues] = useState<Record<string, unknown>>(() =>
    Object.fromEntries(action.input.map((one) => [one.id, firstValue(one.define)])),
  );
  const [wrong, setWrong] = useState<Record<string, Wrong>>({});
  const [way, setWay] = useState<Way>('sync');
  const { call, busy, outcome } = useCaller(action);
  const run = () => {
    const made = makeParams(action.input, values);
    setWrong(made.wrong);
    if (made.json !== undefined) void call(way, made.json);
  };
  return (
    <>
      {action.input.length > 0 ? (
        <ModelForm params={action.input} values={values} onChange={setValues} wrong={wrong} />
      ) : (
        <p className="k-quiet">{t('device.noInput')}</p>
      )}
      <div className="k-row">
        <Radios
          segmented
          label={t('device.way')}
          value={way}
          onChange={setWay}
          options={[
            { value: 'sync', text: t('device.sync') },
            { value: 'async', text: t('device.async') },
          ]}
        />
        <Button loading={busy} disabled={!online} onClick={run}>
          {t('device.doCall')}
        </Button>
        <span className="k-quiet">{t(way === 'sync' ? 'device.syncText' : 'device.asyncText')}</span>
      </div>
      <div aria-live="polite">{outcome && <Reply action={action} outcome={outcome} />}</div>
    </>
  );
}

function useCaller(action: Action) {
  const { key } = useDevice();
  const sync = useAction('CallDeviceActionSync', { quiet: true });
  const later = useAction('CallDeviceActionAsync', { quiet: true });
  const [outcome, setOutcome] = useState<Outcome>();
  const call = async (way: Way, input: string) => {
    const params = { ...key, ActionId: action.id, InputParams: input };
    const began = Date.now();
    const took = () => Date.now() - began;
    setOutcome(undefined);
    try {
      if (way === 'sync') {
        const answer = await sync.runAsync(params);
        const { ClientToken: token, Status: status, OutputParams: output } = answer;
        setOutcome({ way, began, took: took(), token, status, output });
      } else {
        const answer = await later.runAsync(params);
        setOutcome({ way, began, took: took(), token: answer.ClientToken });
      }
    } catch (error) {
      setOutcome({ way, began, took: took(), error: error as ApiError });
    }
  };
  return { call, outcome, busy: sync.busy || later.busy };
}

function Reply({ action, outcome }: { action: Action; outcome: Outcome }) {
  const { t } = useTranslation();
  if (outcome.error) return <Notice kind="error">{errorText(t, outcome.error)}</Notice>;
  if (outcome.way === 'async') return <Later action={action} outcome={outcome} />;
  return (
    <div className="debug-reply">
      <Facts
        columns={1}
        items={[
          [t('device.result'), outcome.status],
          [t('device.took'), `${outcome.took} ms`],
          [
            'ClientToken',
            <code key="t" className="k-mono">
              {outcome.token}
            </code>,
          ],
        ]}
      />
      <Output action={action} json={outcome.output} />
    </div>
  );
}

function Output({ action, json }: { action: Action; json: string | undefined }) {
  const { t } = useTranslation();
  const read = fromJson(json);
  const values = (typeof read === 'object' && read !== null ? read : {}) as Record<string, unknown>;
  const known = action.output.filter((one) => Object.hasOwn(values, one.id));
  return (
    <>
      <strong>{t('model.output')}</strong>
      {known.length > 0 && (
        <Facts
          columns={1}
          items={known.map((one) => [one.name, formatValue(one.define, values[one.id])] as const)}
        />
      )}
      <Payload text={json || '{}'} />
    </>
  );
}

/** Milliseconds between looks into the log, and how far before the call it is read: clocks differ. */
const EVERY = 2_000;
const BEFORE = 60_000;

/** The reply of an asynchronous call comes into the action log. */
function Later({ action, outcome }: { action: Action; outcome: Outcome }) {
  const { t } = useTranslation();
  const to = useTo();
  const { key, productId, name } = useDevice();
  const [over, setOver] = useState(false);
  const log = useCall(
    'DescribeActionLogs',
    {
      ...key,
      ActionId: action.id,
      StartTime: outcome.began - BEFORE,
      EndTime: outcome.began + 10 * BEFORE,
      Limit: PAGE,
    },
    { every: over ? undefined : EVERY },
  );
  const entry = log.data?.Logs?.find((one) => one.ClientToken === outcome.token);
  const ended = entry !== undefined && entry.State !== 'sent';
  if (ended !== over) setOver(ended);
  return (
    <div className="debug-reply">
      <Facts
        columns={1}
        items={[
          [
            t('device.state'),
            <span key="s" className="k-row">
              {entry ? (
                <ActionState one={entry} />
              ) : (
                <Label tone="info">{t('device.actionState.sent')}</Label>
              )}
              <Link to={to(`/devices/${productId}/${name}/model`)}>{t('device.seeLog')}</Link>
            </span>,
          ],
          [
            'ClientToken',
            <code key="t" className="k-mono">
              {outcome.token}
            </code>,
          ],
        ]}
      />
      {ended && <Output action={action} json={entry.OutputParams} />}
    </div>
  );
}

const PAGE = 50;
