// The place where everything begins (G-02, I-01): the instances of the account.
import { EditIcon } from 'tdesign-icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { InstanceEntry } from '../../api/gen';
import { useCall } from '../../api/hooks';
import { ALL_INSTANCES, ENTERPRISE } from '../../app/guards';
import {
  Card,
  CopyText,
  Facts,
  Failed,
  formatCount,
  formatTime,
  Label,
  PageHeader,
  Skeleton,
} from '../../kit';
import './instance.css';
import { RemarkDialog } from './RemarkDialog';
import { InstanceState } from './state';

export default function InstanceList() {
  const { t } = useTranslation();
  const list = useCall('DescribeInstances', ALL_INSTANCES);
  const [editing, setEditing] = useState<InstanceEntry>();
  return (
    <main id="main" className="app-page" tabIndex={-1}>
      <PageHeader title={t('instance.title')}>
        <p className="k-quiet">{t('instance.subtitle')}</p>
      </PageHeader>
      {list.isPending && <Skeleton />}
      {list.error && !list.data && <Failed error={list.error} onRetry={() => void list.refetch()} />}
      <div className="instances">
        {list.data?.Instances?.map((one) => (
          <InstanceCard key={one.InstanceId} instance={one} onEdit={() => setEditing(one)} />
        ))}
      </div>
      {editing && <RemarkDialog instance={editing} onClose={() => setEditing(undefined)} />}
    </main>
  );
}

function InstanceCard({ instance, onEdit }: { instance: InstanceEntry; onEdit: () => void }) {
  const { t } = useTranslation();
  const enterprise = instance.InstanceType === ENTERPRISE;
  const kind = t(enterprise ? 'instance.enterprise' : 'instance.public');
  const name = instance.Description || kind;
  return (
    <Card className="instance">
      <div className="instance-head">
        <span className={`instance-sign ${enterprise ? 'is-enterprise' : ''}`} aria-hidden="true">
          {kind.slice(0, 1)}
        </span>
        <div className="instance-name">
          <h2 title={name}>
            <Link to={`/i/${instance.InstanceId}/products`}>{name}</Link>
            <button
              type="button"
              className="k-icon-button"
              aria-label={`${t('instance.editRemark')} ${instance.InstanceId}`}
              onClick={onEdit}
            >
              <EditIcon />
            </button>
          </h2>
          <div className="k-row">
            <Label tone={enterprise ? 'info' : 'good'}>{kind}</Label>
            <InstanceState instance={instance} />
          </div>
        </div>
      </div>
      <div className="instance-counts">
        <Count text={t('instance.products')} value={formatCount(instance.ProductNum)} />
        <Count text={t('instance.devices')} value={formatCount(instance.DeviceNum)} />
        <Count text={t('instance.online')} value={formatCount(instance.OnlineDeviceNum)} />
      </div>
      <Facts
        columns={1}
        items={[
          [t('instance.id'), <CopyText key="id" text={instance.InstanceId} what={t('instance.id')} />],
          !enterprise && [
            t('instance.codes'),
            t('instance.usedOf', {
              used: formatCount(instance.DeviceNum),
              total: formatCount(instance.TotalDeviceNum),
            }),
          ],
          [t('instance.created'), formatTime(instance.CreateTime)],
          [
            t('instance.expires'),
            instance.ExpireTime ? formatTime(instance.ExpireTime) : t('instance.never'),
          ],
        ]}
      />
      <div className="instance-foot">
        <span className="k-quiet">{t(enterprise ? 'instance.enterpriseText' : 'instance.publicText')}</span>
        <Link
          className="instance-enter"
          to={`/i/${instance.InstanceId}/products`}
          aria-label={`${t('do.enter')} ${name}`}
        >
          {t('do.enter')}
        </Link>
      </div>
    </Card>
  );
}

function Count({ text, value }: { text: string; value: string }) {
  return (
    <div>
      <strong>{value}</strong>
      <span>{text}</span>
    </div>
  );
}
