// The place where a message of any content is published to a device (设备透传指令控制).
import { useTranslation } from 'react-i18next';
import { useAction } from '../../api/hooks';
import { useInstance } from '../../app/guards';
import { Button, Field, Radios, Select, Textarea, useForm } from '../../kit';
import { useDevice } from './context';
import { payloadProblem, type Encoding, type Problem } from './payload';
import { downTopics } from './topics';

const GATEWAY = '网关';

export function PublishPanel() {
  const { t } = useTranslation();
  const { key, productId, name, online, info } = useDevice();
  const { enterprise } = useInstance();
  const topics = downTopics(productId, name, info.DeviceType === GATEWAY, enterprise);
  const usual = topics.find((row) => row.meaning === 'customControl') ?? topics[0];
  const publish = useAction('PublishMessage', { done: t('device.published') });
  const form = useForm(
    { topic: usual?.topic ?? '', qos: 0, encoding: 'text' as Encoding, payload: '' },
    ({ payload, encoding }) => ({ payload: payloadProblem(payload, encoding) }),
  );
  const { values } = form;
  const problem = form.error('payload');
  const send = () => {
    if (!form.check()) return;
    publish.run({
      ...key,
      Topic: values.topic,
      Payload: values.payload,
      Qos: values.qos,
      PayloadEncoding: values.encoding === 'base64' ? 'base64' : undefined,
    });
  };
  return (
    <div className="k-form">
      <Field label="Topic" help={t('device.publishText')}>
        <Select
          value={values.topic}
          filterable
          onChange={(topic) => form.set('topic', topic)}
          options={topics.map((row) => ({ value: row.topic, text: row.topic }))}
        />
      </Field>
      <div className="k-row debug-options">
        <Field label="QoS" group>
          <Radios
            segmented
            label="QoS"
            value={values.qos}
            onChange={(qos) => form.set('qos', qos)}
            options={[
              { value: 0, text: '0' },
              { value: 1, text: '1' },
            ]}
          />
        </Field>
        <Field label={t('device.encoding')} group>
          <Radios
            segmented
            label={t('device.encoding')}
            value={values.encoding}
            onChange={(encoding) => form.set('encoding', encoding)}
            options={[
              { value: 'text', text: t('device.text') },
              { value: 'base64', text: 'Base64' },
            ]}
          />
        </Field>
      </div>
      <Field label={t('device.payload')} required error={problem && t(`device.${problem as Problem}`)}>
        <Textarea
          {...form.bind('payload')}
          autosize={{ minRows: 6, maxRows: 16 }}
          placeholder='{"cmd":"ping"}'
        />
      </Field>
      <div>
        <Button loading={publish.busy} disabled={!online} onClick={send}>
          {t('device.doPublish')}
        </Button>
      </div>
    </div>
  );
}
