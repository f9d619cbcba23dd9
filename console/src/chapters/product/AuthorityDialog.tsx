// The place where a product of certificates gets another CA.
import { useTranslation } from 'react-i18next';
import { useAction } from '../../api/hooks';
import { Field, FormDialog, Notice, useForm } from '../../kit';
import { AuthoritySelect } from './AuthoritySelect';
import type { Product } from './context';

export function AuthorityDialog({ product, onClose }: { product: Product; onClose: () => void }) {
  const { t } = useTranslation();
  const doing = {
    quiet: true,
    done: t('said.saved'),
    stale: ['DescribeStudioProduct' as const, 'DescribePrivateCABindedProducts' as const],
  };
  const bind = useAction('UpdateProductPrivateCA', doing);
  const unbind = useAction('DeleteProductPrivateCA', doing);
  const form = useForm({ authority: product.PrivateCAName ?? '' }, () => ({}));
  const { ProductId } = product;
  return (
    <FormDialog
      title={t('product.authorityChange')}
      form={form}
      onClose={onClose}
      onSubmit={({ authority }) =>
        authority ? bind.runAsync({ ProductId, CertName: authority }) : unbind.runAsync({ ProductId })
      }
    >
      <Field label={t('product.authority')} required>
        <AuthoritySelect value={form.values.authority} onChange={(name) => form.set('authority', name)} />
      </Field>
      <Notice kind="warning">{t('product.authorityChangeText')}</Notice>
    </FormDialog>
  );
}
