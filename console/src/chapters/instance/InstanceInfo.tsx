// The place where an enterprise instance tells about itself (I-03).
import { EditIcon } from 'tdesign-icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCall } from '../../api/hooks';
import { useInstance } from '../../app/guards';
import {
  Card,
  CopyText,
  Facts,
  Failed,
  formatCount,
  formatTime,
  NONE,
  PageHeader,
  Skeleton,
} from '../../kit';
import './instance.css';
import { RemarkDialog } from './RemarkDialog';
import { InstanceState } from './state';

const REFRESH = 15_000;

export default function InstanceInfo() {
  const { t } = useTranslation();
  const { id, entry, enterprise } = useInstance();
  const detail = useCall('DescribeInstance', { InstanceId: id }, { every: REFRESH });
  const [editing, setEditing] = useState(false);
  const data = detail.data?.Data;
  const limit = (n: number | undefined) => (n ? formatCount(n) : t('instance.unlimited'));
  return (
    <>
      <PageHeader title={t('nav.info')} tags={<InstanceState instance={entry} />} />
      <Card title={t('instance.basic')}>
        <Facts
          items={[
            [t('instance.id'), <CopyText key="id" text={id} what={t('instance.id')} />],
            [t('instance.kind'), t(enterprise ? 'instance.enterprise' : 'instance.public')],
            [t('instance.status'), <InstanceState key="state" instance={entry} />],
            [
              t('instance.remark'),
              <span key="remark" className="instance-remark">
                {entry.Description || NONE}
                <button
                  type="button"
                  className="k-icon-button"
                  aria-label={t('instance.editRemark')}
                  onClick={() => setEditing(true)}
                >
                  <EditIcon />
                </button>
              </span>,
            ],
            [t('instance.created'), formatTime(entry.CreateTime)],
            [t('instance.expires'), entry.ExpireTime ? formatTime(entry.ExpireTime) : t('instance.never')],
          ]}
        />
      </Card>
      <Card title={t('instance.resources')}>
        {detail.isPending && <Skeleton rows={3} />}
        {detail.error && !data && <Failed error={detail.error} onRetry={() => void detail.refetch()} />}
        {data && (
          <div className="instance-resources">
            <Figure
              text={t('instance.registered')}
              value={formatCount(data.UsedDeviceNum)}
              of={limit(data.TotalDeviceNum)}
            />
            <Figure
              text={t('instance.onlineDevices')}
              value={formatCount(entry.OnlineDeviceNum)}
              of={limit(data.MaxDeviceOnlineCount)}
            />
            <Figure text={t('instance.projects')} value={formatCount(data.ProjectNum)} />
            <Figure text={t('instance.products')} value={formatCount(data.ProductNum)} />
          </div>
        )}
      </Card>
      {editing && <RemarkDialog instance={entry} onClose={() => setEditing(false)} />}
    </>
  );
}

function Figure({ text, value, of }: { text: string; value: string; of?: string }) {
  return (
    <div className="instance-figure">
      <span>{text}</span>
      <strong>
        {value}
        {of && <small> / {of}</small>}
      </strong>
    </div>
  );
}
