// The place where the devices of an instance are managed (DV-01): project, product, and the list.
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { Card, PageHeader } from '../../kit';
import { ProjectSelect, useProjectId } from '../project/ProjectSelect';
import { DeviceTable } from './DeviceTable';
import { ProductSelect } from './ProductSelect';

export default function DeviceList() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const project = useProjectId(params.get('project') ?? '');
  const product = params.get('product') ?? '';
  const put = (changes: Record<string, string>) => {
    const next = new URLSearchParams(params);
    next.delete('page');
    for (const [name, value] of Object.entries(changes)) {
      if (value) next.set(name, value);
      else next.delete(name);
    }
    setParams(next, { replace: true });
  };
  return (
    <>
      <PageHeader
        title={t('device.title')}
        actions={
          <div className="device-project">
            <span className="k-quiet">{t('project.one')}</span>
            <ProjectSelect
              label={t('project.one')}
              value={project}
              onChange={(chosen) => put({ project: chosen, product: '' })}
            />
          </div>
        }
      />
      <Card>
        <DeviceTable
          key={`${project}/${product}`}
          productId={product || undefined}
          projectId={project}
          filters={
            <ProductSelect
              label={t('device.product')}
              projectId={project}
              value={product}
              all
              onChange={(chosen) => put({ product: chosen })}
            />
          }
        />
      </Card>
    </>
  );
}
