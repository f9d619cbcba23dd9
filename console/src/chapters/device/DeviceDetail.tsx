// The place where a device is shown (DV-04): its header with the live state, and its leaves.
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useMemo, useRef, useState, type ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, useNavigate, useParams } from 'react-router';
import { useCall } from '../../api/hooks';
import { useLive } from '../../api/live';
import { useTo } from '../../app/guards';
import { Button, Card, CopyText, Empty, Failed, formatTime, PageHeader, Skeleton, TabLinks } from '../../kit';
import { parseModel } from '../../thing-model/types';
import { DeviceContext, useDevice, type Device } from './context';
import './device.css';
import { useOperations } from './operations';
import { DeviceStatus, EnableState, ONLINE } from './words';

const TABS = {
  info: lazy(() => import('./InfoTab')),
  properties: lazy(() => import('./PropertiesTab')),
  model: lazy(() => import('./ModelLogTab')),
  logs: lazy(() => import('./CloudLogTab')),
  debug: lazy(() => import('./DebugTab')),
} satisfies Record<string, ComponentType>;
type TabName = keyof typeof TABS;
const NAMES = Object.keys(TABS) as TabName[];

const NOT_THERE = 'ResourceNotFound.DeviceNotExist';

export default function DeviceDetail() {
  const { productId = '', deviceName = '', tab } = useParams();
  const to = useTo();
  const chosen = NAMES.find((name) => name === tab);
  if (!chosen) return <Navigate to={to(`/devices/${productId}/${deviceName}/info`)} replace />;
  return <Shown key={`${productId}/${deviceName}`} productId={productId} name={deviceName} tab={chosen} />;
}

interface ShownProps {
  productId: string;
  name: string;
  tab: TabName;
}

function Shown({ productId, name, tab }: ShownProps) {
  const key = useMemo(() => ({ ProductId: productId, DeviceName: name }), [productId, name]);
  const found = useCall('DescribeDevice', key);
  const defined = useCall('DescribeModelDefinition', { ProductId: productId });
  const text = defined.data?.Model?.ModelDefine;
  const model = useMemo(() => parseModel(text), [text]);
  const live = useStatus(productId, name, found.data !== undefined);
  const info = found.data?.Device;
  const gone = live.gone || found.error?.code === NOT_THERE;
  if (gone) return <Gone />;
  if (found.error && !info) return <Failed error={found.error} onRetry={() => void found.refetch()} />;
  if (defined.error && !defined.data)
    return <Failed error={defined.error} onRetry={() => void defined.refetch()} />;
  if (!info || !defined.data) return <Skeleton rows={6} />;
  const status = live.status ?? info.Status ?? 0;
  const device: Device = {
    productId,
    name,
    info,
    status,
    model,
    key,
    online: status === ONLINE,
    enabled: info.EnableState === 1,
  };
  const Tab = TABS[tab];
  return (
    <DeviceContext value={device}>
      <Header />
      <Leaves />
      <Suspense
        fallback={
          <Card>
            <Skeleton rows={6} />
          </Card>
        }
      >
        <Tab />
      </Suspense>
    </DeviceContext>
  );
}

function Gone() {
  const { t } = useTranslation();
  const to = useTo();
  const navigate = useNavigate();
  const back = <Button onClick={() => void navigate(to('/devices'))}>{t('device.list')}</Button>;
  return <Empty title={t('device.gone')} text={t('device.goneText')} action={back} />;
}

/** The newest state; what the server keeps of the device is fetched again when it changes. */
function useStatus(productId: string, name: string, known: boolean) {
  const client = useQueryClient();
  const [status, setStatus] = useState<number>();
  const [gone, setGone] = useState(false);
  const last = useRef<number>(undefined);
  const take = (next: number | undefined) => {
    const changed = last.current !== undefined && last.current !== next;
    last.current = next;
    setStatus(next);
    if (changed) void client.invalidateQueries({ queryKey: ['DescribeDevice'] });
  };
  useLive(known ? `device/${productId}/${name}/status` : undefined, {
    onSnapshot: (data) => take(data.Status),
    onDelta: (data) => take(data.Status),
    onEnd: (error) => setGone(error === undefined || error.code === NOT_THERE),
  });
  return { status, gone };
}

function Header() {
  const { t } = useTranslation();
  const to = useTo();
  const navigate = useNavigate();
  const device = useDevice();
  const { info, key, enabled } = device;
  const { enable, disable } = useOperations();
  const { remove } = useOperations(() => void navigate(to(`/devices?product=${device.productId}`)));
  return (
    <PageHeader
      title={device.name}
      trail={[
        { text: t('nav.devices'), to: to('/devices') },
        { text: info.ProductName ?? device.productId, to: to(`/products/${device.productId}/debug`) },
      ]}
      tags={
        <>
          <DeviceStatus status={device.status} />
          {!enabled && <EnableState enabled={false} />}
        </>
      }
      actions={
        <>
          <Button theme="default" variant="outline" onClick={() => (enabled ? disable : enable)([key])}>
            {t(enabled ? 'device.disable' : 'device.enable')}
          </Button>
          <Button theme="danger" variant="outline" onClick={() => remove([key], true)}>
            {t('do.delete')}
          </Button>
        </>
      }
    >
      <div className="device-facts">
        <span>
          <em>{t('device.productId')}</em>
          <CopyText text={device.productId} what={t('device.productId')} />
        </span>
        <span>
          <em>{t('device.lastOnline')}</em>
          {formatTime(info.LoginTime)}
        </span>
      </div>
    </PageHeader>
  );
}

function Leaves() {
  const { t } = useTranslation();
  const to = useTo();
  const { productId, name } = useDevice();
  const tabs = NAMES.map((tab) => ({
    to: to(`/devices/${productId}/${name}/${tab}`),
    text: t(`device.tab.${tab}`),
  }));
  return <TabLinks label={t('device.tabs')} tabs={tabs} />;
}
