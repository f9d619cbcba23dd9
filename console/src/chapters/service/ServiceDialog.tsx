// The place where a service client is made or changed.
import { CloseIcon } from 'tdesign-icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CreateServiceClientResponse, ServiceClientEntry } from '../../api/gen';
import { useAction } from '../../api/hooks';
import { useInstance } from '../../app/guards';
import { Field, FormDialog, Input, Radios, Textarea, useForm } from '../../kit';
import { SERVICE_PRODUCTS, SERVICE_REMARK_CHARS } from '../../limits';
import { ProductSelect } from '../device/ProductSelect';
import { ProjectSelect, useProjectId } from '../project/ProjectSelect';
import { filterProblem, filtersOf, type Way } from './filters';
import './service.css';
import { ALL, coversAll } from './shown';

interface ServiceDialogProps {
  /** The one to change; left out: a new one. */
  client?: ServiceClientEntry;
  onClose: () => void;
  onMade: (made: CreateServiceClientResponse) => void;
}

const STALE = ['DescribeServiceClients'] as 'DescribeServiceClients'[];

export function ServiceDialog({ client, onClose, onMade }: ServiceDialogProps) {
  const { t } = useTranslation();
  const instance = useInstance();
  const make = useAction('CreateServiceClient', { quiet: true, stale: STALE });
  const change = useAction('ModifyServiceClient', { quiet: true, stale: STALE, done: t('said.saved') });
  const problem = (text: string, way: Way) => {
    const found = filterProblem(text, way);
    return found && t(`service.${found.word}`, { filter: found.filter });
  };
  const form = useForm(start(client), ({ remark, scope, products, publish, subscribe }) => ({
    remark: [...remark].length > SERVICE_REMARK_CHARS ? t('service.remarkRule') : undefined,
    products:
      scope === 'some' && products.length === 0
        ? t('service.noProducts')
        : products.length > SERVICE_PRODUCTS
          ? t('service.manyProducts')
          : undefined,
    publish: problem(publish, 'publish'),
    subscribe: problem(subscribe, 'subscribe'),
  }));

  const submit = async ({ remark, scope, products, publish, subscribe }: Values) => {
    const given = {
      InstanceId: instance.id,
      Remark: remark.trim(),
      Products: scope === 'all' ? [ALL] : products,
      Publish: filtersOf(publish),
      Subscribe: filtersOf(subscribe),
    };
    if (client?.UserName) await change.runAsync({ ...given, UserName: client.UserName });
    else onMade(await make.runAsync(given));
  };
  const { scope, products } = form.values;
  return (
    <FormDialog
      title={t(client ? 'service.edit' : 'service.new')}
      form={form}
      width={600}
      onClose={onClose}
      onSubmit={submit}
    >
      <Field label={t('service.remark')} error={form.error('remark')}>
        <Input {...form.bind('remark')} />
      </Field>
      <Field label={t('service.products')} group error={form.error('products')}>
        <Radios
          label={t('service.products')}
          value={scope}
          options={[
            { value: 'all', text: t('service.all') },
            { value: 'some', text: t('service.some') },
          ]}
          onChange={(value) => form.set('scope', value)}
        />
        {scope === 'some' && (
          <Products products={products} onChange={(value) => form.set('products', value)} />
        )}
      </Field>
      <Field label={t('service.subscribe')} error={form.error('subscribe')} help={t('service.subscribeHelp')}>
        <Textarea
          {...form.bind('subscribe')}
          className="service-filters"
          autosize={{ minRows: 2, maxRows: 8 }}
        />
      </Field>
      <Field label={t('service.publish')} error={form.error('publish')} help={t('service.publishHelp')}>
        <Textarea
          {...form.bind('publish')}
          className="service-filters"
          autosize={{ minRows: 2, maxRows: 8 }}
        />
      </Field>
    </FormDialog>
  );
}

interface Values {
  remark: string;
  scope: 'all' | 'some';
  products: string[];
  publish: string;
  subscribe: string;
}

function start(client?: ServiceClientEntry): Values {
  const all = !client || coversAll(client);
  return {
    remark: client?.Remark ?? '',
    scope: all ? 'all' : 'some',
    products: all ? [] : (client.Products ?? []),
    publish: (client?.Publish ?? ['#']).join('\n'),
    subscribe: (client?.Subscribe ?? ['#']).join('\n'),
  };
}

function Products({ products, onChange }: { products: string[]; onChange: (products: string[]) => void }) {
  const { t } = useTranslation();
  const [project, setProject] = useState(useProjectId(''));
  const add = (id: string) => {
    if (!products.includes(id)) onChange([...products, id]);
  };
  return (
    <div className="service-products">
      <div className="k-row">
        <ProjectSelect label={t('project.one')} value={project} onChange={setProject} />
        <ProductSelect label={t('service.add')} projectId={project} value="" onChange={add} />
      </div>
      {products.length > 0 && (
        <ul aria-label={t('service.added')}>
          {products.map((id) => (
            <li key={id} className="k-label k-mono">
              {id}
              <button
                type="button"
                className="k-icon-button"
                aria-label={`${t('do.remove')} ${id}`}
                onClick={() => onChange(products.filter((one) => one !== id))}
              >
                <CloseIcon />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
