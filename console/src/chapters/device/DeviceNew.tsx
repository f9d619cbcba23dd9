// The place where a device is made (D-02), and its secret or its certificate handed out.
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useAction, useCall } from '../../api/hooks';
import { useTo } from '../../app/guards';
import {
  Button,
  CopyText,
  Facts,
  Field,
  FormDialog,
  Input,
  Layer,
  Notice,
  Textarea,
  useForm,
  type Form,
} from '../../kit';
import { DEVICE_NAME, DEVICE_NAME_CHARS, DEVICE_SECRET, DEVICE_SECRET_CHARS } from '../../limits';
import { isCertificate } from '../cert/pem';
import { CERTIFICATE_AUTH } from '../product/words';
import { CertificateFiles } from './CertificateFiles';
import './device.css';
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
  /** PEM, of devices that have certificates; the key only if the platform made it. */
  certificate: string;
  privateKey: string;
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
  const [chosen, setChosen] = useState(productId ?? '');
  const proof = useProof(chosen);
  const form = useForm<Draft>(
    { product: productId ?? '', name: '', secret: '', certificate: '' },
    ({ product, name, secret, certificate }) => ({
      product: product ? undefined : t('device.chooseProduct'),
      name: DEVICE_NAME.test(name) ? undefined : t('device.nameRule'),
      secret: proof !== 'secret' || secret === '' || secretFits(secret) ? undefined : t('device.secretRule'),
      certificate: proof !== 'own' || isCertificate(certificate) ? undefined : t('device.certificateRule'),
    }),
  );
  const submit = async () => {
    const { product, name, secret, certificate } = form.values;
    const answer = await create.runAsync({
      ProductId: product,
      DeviceName: name,
      DefinedPsk: proof === 'secret' && secret ? secret : undefined,
      TlsCrt: proof === 'own' ? certificate : undefined,
    });
    handed.current = true;
    onMade({
      product,
      name,
      secret: answer.Data?.DevicePsk ?? '',
      certificate: answer.Data?.DeviceCert ?? '',
      privateKey: answer.Data?.DevicePrivateKey ?? '',
    });
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
        'InvalidParameterValue.CACertInvalid': 'certificate',
        'InvalidParameterValue.CACertNotMatch': 'certificate',
      }}
    >
      {productId === undefined && (
        <Field label={t('device.product')} required error={form.error('product')}>
          <ProductSelect
            projectId={projectId ?? ''}
            value={form.values.product}
            onChange={(product) => {
              setChosen(product);
              form.set('product', product);
            }}
          />
        </Field>
      )}
      <Field label={t('device.name')} required error={form.error('name')} help={t('device.nameRule')}>
        <Input {...form.bind('name')} maxlength={DEVICE_NAME_CHARS} showLimitNumber />
      </Field>
      <ProofField form={form} proof={proof} />
    </FormDialog>
  );
}

interface Draft {
  product: string;
  name: string;
  secret: string;
  certificate: string;
}

/** How a device of a product proves itself: by a secret, by a certificate of the platform, by one of its owner's CA. */
type Proof = 'secret' | 'platform' | 'own';

function useProof(productId: string): Proof {
  const found = useCall('DescribeStudioProduct', { ProductId: productId }, { enabled: productId !== '' });
  const product = found.data?.Product;
  if (product?.EncryptionType !== CERTIFICATE_AUTH) return 'secret';
  return product.IsPrivateCA ? 'own' : 'platform';
}

function ProofField({ form, proof }: { form: Form<Draft>; proof: Proof }) {
  const { t } = useTranslation();
  switch (proof) {
    case 'secret':
      return (
        <Field label={t('device.secret')} error={form.error('secret')} help={t('device.secretHelp')}>
          <Input
            {...form.bind('secret')}
            maxlength={DEVICE_SECRET_CHARS}
            placeholder={t('device.secretAuto')}
          />
        </Field>
      );
    case 'platform':
      return <Notice>{t('device.certificateAuto')}</Notice>;
    case 'own':
      return (
        <Field
          label={t('device.certificate')}
          required
          error={form.error('certificate')}
          help={t('device.certificateHelp')}
        >
          <Textarea
            {...form.bind('certificate')}
            placeholder="-----BEGIN CERTIFICATE-----"
            autosize={{ minRows: 5, maxRows: 10 }}
          />
        </Field>
      );
  }
}

/** Base64 of at least one byte, as the server wants it. */
function secretFits(secret: string): boolean {
  return DEVICE_SECRET.test(secret) && secret.length % 4 === 0;
}

function MadeDialog({ made, onAgain, onClose }: { made: Made; onAgain: () => void; onClose: () => void }) {
  const { t } = useTranslation();
  const to = useTo();
  const { product, name, secret, certificate, privateKey } = made;
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
    <Layer
      title={t('device.made')}
      width={privateKey ? 640 : undefined}
      stay={privateKey !== ''}
      onClose={onClose}
      footer={footer}
    >
      <div className="k-stack">
        {privateKey ? (
          <Notice kind="warning">{t('device.madeKeyText')}</Notice>
        ) : (
          <Notice kind="success">{t('device.madeText')}</Notice>
        )}
        <Facts
          columns={1}
          items={[
            [t('device.productId'), <CopyText key="p" text={product} what={t('device.productId')} />],
            [t('device.name'), <CopyText key="n" text={name} what={t('device.name')} />],
            !certificate && [
              t('device.secret'),
              <CopyText key="s" text={secret} what={t('device.secret')} />,
            ],
          ]}
        />
        {certificate && <CertificateFiles name={name} certificate={certificate} privateKey={privateKey} />}
      </div>
    </Layer>
  );
}
