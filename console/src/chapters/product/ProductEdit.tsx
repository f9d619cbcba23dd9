// The place where a product's name and description are changed; nothing else of it can be (L863).
import { useTranslation } from 'react-i18next';
import { useAction } from '../../api/hooks';
import { Field, FormDialog, Input, Textarea, useForm } from '../../kit';
import { PRODUCT_DESCRIPTION_CHARS, PRODUCT_NAME, PRODUCT_NAME_CHARS } from '../../limits';
import type { Product } from './context';

export function ProductEdit({ product, onClose }: { product: Product; onClose: () => void }) {
  const { t } = useTranslation();
  const save = useAction('ModifyStudioProduct', {
    quiet: true,
    done: t('said.saved'),
    stale: ['DescribeStudioProduct', 'SearchStudioProduct'],
  });
  const form = useForm({ name: product.ProductName, desc: product.ProductDesc ?? '' }, ({ name, desc }) => ({
    // A name that the cloud API allowed may stay as it is.
    name: PRODUCT_NAME.test(name) || name === product.ProductName ? undefined : t('product.nameRule'),
    desc: [...desc].length <= PRODUCT_DESCRIPTION_CHARS ? undefined : t('product.descRule'),
  }));
  return (
    <FormDialog
      title={t('product.modify')}
      form={form}
      width={480}
      onClose={onClose}
      onSubmit={({ name, desc }) =>
        save.runAsync({
          ProductId: product.ProductId,
          ProductName: name,
          ProductDesc: desc.trim(),
          ModuleId: product.ModuleId ?? 0,
        })
      }
      blame={{ 'UnsupportedOperation.ProductDupKeyExist': 'name' }}
    >
      <Field label={t('product.name')} required error={form.error('name')} help={t('product.nameRule')}>
        <Input {...form.bind('name')} maxlength={Math.max(PRODUCT_NAME_CHARS, product.ProductName.length)} />
      </Field>
      <Field label={t('product.desc')} error={form.error('desc')} help={t('product.descRule')}>
        <Textarea {...form.bind('desc')} autosize={{ minRows: 3, maxRows: 6 }} />
      </Field>
    </FormDialog>
  );
}
