// The place where a product is made (P-02, P-03): first its category, then the form.
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { ApiError } from '../../api/client';
import { errorText, fieldText } from '../../api/errors';
import { useAction } from '../../api/hooks';
import { useInstance, useTo } from '../../app/guards';
import {
  Button,
  Card,
  Field,
  Input,
  Notice,
  PageHeader,
  Select,
  Textarea,
  useForm,
  type Form,
} from '../../kit';
import { PRODUCT_DESCRIPTION_CHARS, PRODUCT_NAME, PRODUCT_NAME_CHARS } from '../../limits';
import { ProjectSelect, useProjectId } from '../project/ProjectSelect';
import { AuthoritySelect } from './AuthoritySelect';
import { CategoryPicker } from './CategoryPicker';
import { Cards } from './Cards';
import './product.css';
import {
  CERTIFICATE_AUTH,
  GATEWAY,
  KEY_AUTH,
  netsFor,
  PLAIN,
  RAW,
  SUB_NETS,
  THING_MODEL,
  useCategories,
  type Auth,
  type DeviceType,
  type Net,
} from './words';

interface Draft {
  project: string;
  name: string;
  type: DeviceType;
  net: Net;
  auth: Auth;
  /** The account's CA that issues the devices' certificates; '' is the platform's own. */
  authority: string;
  protocol: number;
  desc: string;
}

export default function ProductNew() {
  const { t } = useTranslation();
  const to = useTo();
  const [category, setCategory] = useState<number>();
  const [chosen, setChosen] = useState(false);
  return (
    <>
      <PageHeader title={t('product.new')} trail={[{ text: t('nav.products'), to: to('/products') }]} />
      {!chosen || category === undefined ? (
        <Card title={t('product.categoryTitle')}>
          <p className="k-quiet product-hint">{t('product.categoryText')}</p>
          <CategoryPicker value={category} onChange={setCategory} />
          <div className="product-foot">
            <Button disabled={category === undefined} onClick={() => setChosen(true)}>
              {t('do.next')}
            </Button>
          </div>
        </Card>
      ) : (
        <ProductForm category={category} onBack={() => setChosen(false)} />
      )}
    </>
  );
}

function ProductForm({ category, onBack }: { category: number; onBack: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const to = useTo();
  const [params] = useSearchParams();
  const categories = useCategories();
  const [failure, setFailure] = useState<string>();
  const project = useProjectId(params.get('project') ?? '');
  const form = useForm<Draft>(
    {
      project,
      name: '',
      type: 'device',
      net: 'wifi',
      auth: KEY_AUTH,
      authority: '',
      protocol: THING_MODEL,
      desc: '',
    },
    ({ name, desc }) => ({
      name: PRODUCT_NAME.test(name) ? undefined : t('product.nameRule'),
      desc: [...desc].length <= PRODUCT_DESCRIPTION_CHARS ? undefined : t('product.descRule'),
    }),
  );
  const create = useAction('CreateStudioProduct', {
    quiet: true,
    done: t('product.createdText'),
    stale: ['SearchStudioProduct', 'GetProjectList', 'DescribeInstances'],
  });

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (create.busy || !form.check()) return;
    setFailure(undefined);
    try {
      const made = await create.runAsync(request(form.values, category));
      await navigate(to(`/products/${made.Product?.ProductId}`));
    } catch (error) {
      const taken = error instanceof ApiError && error.code.endsWith('ProductDupKeyExist');
      if (taken) form.blame('name', fieldText(t, error));
      else setFailure(errorText(t, error));
    }
  };
  return (
    <Card>
      <form className="k-form product-form" onSubmit={(event) => void submit(event)} noValidate>
        <div className="product-chosen">
          <span className="k-quiet">{t('product.chosen')}</span>
          <strong>{categories.path(category)}</strong>
          <button type="button" className="k-link" onClick={onBack}>
            {t('product.change')}
          </button>
        </div>
        <Field label={t('project.one')} required>
          <ProjectSelect value={form.values.project} onChange={(id) => form.set('project', id)} />
        </Field>
        <Field label={t('product.name')} required error={form.error('name')} help={t('product.nameRule')}>
          <Input
            {...form.bind('name')}
            maxcharacter={undefined}
            maxlength={PRODUCT_NAME_CHARS}
            showLimitNumber
          />
        </Field>
        <TypeFields form={form} />
        <Field label={t('product.desc')} error={form.error('desc')}>
          <Textarea
            {...form.bind('desc')}
            maxlength={PRODUCT_DESCRIPTION_CHARS}
            autosize={{ minRows: 3, maxRows: 6 }}
          />
        </Field>
        {failure && <Notice kind="error">{failure}</Notice>}
        <div className="product-foot">
          <Button type="submit" loading={create.busy}>
            {t('do.save')}
          </Button>
          <Button theme="default" variant="outline" onClick={() => void navigate(to('/products'))}>
            {t('do.cancel')}
          </Button>
        </div>
      </form>
    </Card>
  );
}

function TypeFields({ form }: { form: Form<Draft> }) {
  const { t } = useTranslation();
  const { enterprise } = useInstance();
  const { type, net, auth, protocol } = form.values;
  const nets: readonly Net[] = type === 'subdevice' ? SUB_NETS : netsFor(enterprise);
  const setType = (chosen: DeviceType) => {
    form.set('type', chosen);
    form.set('net', chosen === 'subdevice' ? 'sub_zigbee' : 'wifi');
  };
  return (
    <>
      <Field label={t('product.deviceType')} required group>
        <Cards
          label={t('product.deviceType')}
          value={type}
          onChange={setType}
          options={[
            { value: 'device', text: t('product.device'), help: t('product.deviceHelp') },
            { value: 'gateway', text: t('product.gateway'), help: t('product.gatewayHelp') },
            { value: 'subdevice', text: t('product.subdevice'), help: t('product.subdeviceHelp') },
          ]}
        />
      </Field>
      <div className="k-grid-2">
        <Field label={t(type === 'subdevice' ? 'product.subNet' : 'product.net')} required>
          <Select
            value={net}
            options={nets.map((value) => ({ value, text: t(`product.nets.${value}`) }))}
            onChange={(value) => form.set('net', value)}
          />
        </Field>
        {enterprise && (
          <Field label={t('product.auth')} required>
            <Select
              value={auth}
              options={[
                { value: KEY_AUTH, text: t('product.authKey') },
                { value: CERTIFICATE_AUTH, text: t('product.authCertificate') },
              ]}
              onChange={(value) => form.set('auth', value)}
            />
          </Field>
        )}
      </div>
      {auth === CERTIFICATE_AUTH && <AuthorityField form={form} />}
      <Field label={t('product.protocol')} required group>
        <Cards
          label={t('product.protocol')}
          value={protocol}
          onChange={(value) => form.set('protocol', value)}
          options={[
            { value: THING_MODEL, text: t('product.thingModel'), help: t('product.modelHelp') },
            { value: RAW, text: t('product.raw'), help: t('product.rawHelp') },
          ]}
        />
      </Field>
    </>
  );
}

/** Who issues the devices' certificates. */
function AuthorityField({ form }: { form: Form<Draft> }) {
  const { t } = useTranslation();
  return (
    <>
      <Field label={t('product.authority')} required>
        <AuthoritySelect value={form.values.authority} onChange={(name) => form.set('authority', name)} />
      </Field>
      <Notice>
        {t(form.values.authority === '' ? 'product.certificateText' : 'product.certificateOwnText')}
      </Notice>
    </>
  );
}

function request(draft: Draft, category: number) {
  return {
    ProductName: draft.name,
    CategoryId: category,
    ProductType: draft.type === 'gateway' ? GATEWAY : PLAIN,
    EncryptionType: draft.auth,
    PrivateCAName: draft.auth === CERTIFICATE_AUTH && draft.authority ? draft.authority : undefined,
    NetType: draft.net,
    DataProtocol: draft.protocol,
    ProductDesc: draft.desc.trim(),
    ProjectId: draft.project,
  };
}
