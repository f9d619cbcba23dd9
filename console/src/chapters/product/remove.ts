// The place where a product is deleted: not while devices exist, not when it is released, never by accident.
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { ProductEntry } from '../../api/gen';
import { useAction } from '../../api/hooks';
import { confirm } from '../../kit';
import { isLocked } from './context';

/** Why it cannot be deleted, if it cannot. */
export function removalProblem(t: TFunction, product: ProductEntry): string | undefined {
  if (isLocked(product)) return t('product.deleteReleased');
  if ((product.DeviceCount ?? 0) > 0) return t('product.deleteHasDevices');
  return undefined;
}

export function useRemoveProduct(onDone?: () => void): (product: ProductEntry) => void {
  const { t } = useTranslation();
  const remove = useAction('DeleteStudioProduct', {
    quiet: true,
    done: t('said.deleted'),
    stale: ['SearchStudioProduct', 'GetProjectList', 'DescribeInstances'],
    onDone,
  });
  return (product) =>
    confirm({
      title: t('product.delete'),
      body: t('product.deleteBody', { name: product.ProductName }),
      danger: true,
      yes: t('do.delete'),
      typed: product.ProductName,
      run: () => remove.runAsync({ ProductId: product.ProductId ?? '' }),
    });
}
