// The place where a device is made (D-02), and its secret handed out.
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useAction } from '../../api/hooks';
import { useTo } from '../../app/guards';
import { Button, CopyText, Facts, Field, FormDialog, Input, Layer, Notice, useForm } from '../../kit';
import { DEVICE_NAME, DEVICE_NAME_CHARS, DEVICE_SECRET, DEVICE_SECRET_CHARS } from '../../limits';
import { ProductSelect } from './ProductSelect';

interface DeviceNewProps {
  /** Left out: the form asks for it. */
  productId?: string;
  projectId?: string;
  onClose: () => void;
}

interface Made {
  product: string;
  name: string;
  secret: string;
}

export function DeviceNew({ productId, projectId, onClose }: DeviceNewProps) {
  const [made, setMade] = useState<Made>();
  if (made) return <MadeDialog made={made} onAgain={() => setMade(undefined)} onClose={onClose} />;
  return <NewForm productId={productId} projectId={projectId} onMade={setMade} onClose={onClose} />;
}

function NewForm({
  productId,
  projectId,
  onMade,
  onClose,
}: DeviceNewProps & { onMade: (made: Made) => void }) {
  const { t } = useTranslation();
  /** The next dialog is there: the form's own end closes nothing. */
  const handed = useRef(false);
  const create = useAction('CreateDevice', {
    quiet: true,
    stale: ['GetDeviceList', 'DescribeStudioProduct', 'SearchStudioProduct', 'DescribeInstances'],
  });
  const form = useForm({ product: productId ?? '', name: '', secret: '' }, ({ product, name, secret }) => ({
    product: product ? undefined : t('device.chooseProduct'),
    name: DEVICE_NAME.test(name) ? undefined : t('device.nameRule'),
    secret: secret === '' || secretFits(secret) ? undefined : t('device.secretRule'),
  }));
  const submit = async () => {
    const { product, name, secret } = form.values;
    const answer = await create.runAsync({
      ProductId: product,
      DeviceName: name,
      DefinedPsk: secret || undefined,
    });
    handed.current = true;
    onMade({ product, name, secret: answer.Data?.DevicePsk ?? '' });
  };
  return (
    <FormDialog
      title={t('device.new')}
      form={form}
      onClose={() => {
        if (!handed.current) onClose();
      }}
      onSubmit={submit}
      blame={{
        'InvalidParameterValue.DeviceAlreadyExist': 'name',
      }}
    >
      {productId === undefined && (
        <Field label={t('device.product')} required error={form.error('product')}>
          <ProductSelect
            projectId={projectId ?? ''}
            value={form.values.product}
            onChange={(chosen) => form.set('product', chosen)}
          />
        </Field>
      )}
      <Field label={t('device.name')} required error={form.error('name')} help={t('device.nameRule')}>
        <Input {...form.bind('name')} maxlength={DEVICE_NAME_CHARS} showLimitNumber />
      </Field>
      <Field label={t('device.secret')} error={form.error('secret')} help={t('device.secretHelp')}>
        <Input
          {...form.bind('secret')}
          maxlength={DEVICE_SECRET_CHARS}
          placeholder={t('device.secretAuto')}
        />
      </Field>
    </FormDialog>
  );
}

/** Base64 of at least one byte, as the server wants it. */
function secretFits(secret: string): boolean {
  return DEVICE_SECRET.test(secret) && secret.length % 4 === 0;
}

function MadeDialog({ made, onAgain, onClose }: { made: Made; onAgain: () => void; onClose: () => void }) {
  const { t } = useTranslation();
  const to = useTo();
  const { product, name, secret } = made;
  const footer = (
    <>
      <Button theme="default" variant="outline" onClick={onAgain}>
        {t('device.newAgain')}
      </Button>
      <Link className="device-button" to={to(`/devices/${product}/${name}/info`)} onClick={onClose}>
        {t('device.viewMade')}
      </Link>
    </>
  );
  return (
    <Layer title={t('device.made')} onClose={onClose} footer={footer}>
      <div className="k-stack">
        <Notice kind="success">{t('device.madeText')}</Notice>
        <Facts
          columns={1}
          items={[
            [t('device.productId'), <CopyText key="p" text={product} what={t('device.productId')} />],
            [t('device.name'), <CopyText key="n" text={name} what={t('device.name')} />],
            [t('device.secret'), <CopyText key="s" text={secret} what={t('device.secret')} />],
          ]}
        />
      </div>
    </Layer>
  );
}
