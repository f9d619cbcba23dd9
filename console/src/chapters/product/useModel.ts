// The place where a product's thing model is read and written as a whole.
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useAction, useCall } from '../../api/hooks';
import { featuresOf, parseModel, type Model } from '../../thing-model/types';

export function useModel(productId: string) {
  const { t } = useTranslation();
  const found = useCall('DescribeModelDefinition', { ProductId: productId });
  const save = useAction('ModifyModelDefinition', {
    quiet: true,
    done: t('said.saved'),
    stale: ['DescribeModelDefinition'],
  });
  const kept = found.data?.Model;
  const model = useMemo(() => parseModel(kept?.ModelDefine), [kept?.ModelDefine]);
  /** Identifiers of the category's standard features. */
  const standardIds = useMemo(() => {
    const standard = featuresOf(parseModel(kept?.CategoryModel));
    return new Set(standard.map((one) => one.value.id));
  }, [kept?.CategoryModel]);
  return {
    found,
    model,
    text: kept?.ModelDefine ?? '',
    standardIds,
    save: (next: Model) => save.runAsync({ ProductId: productId, ModelSchema: JSON.stringify(next) }),
    saveText: (text: string) => save.runAsync({ ProductId: productId, ModelSchema: text }),
    busy: save.busy,
  };
}
