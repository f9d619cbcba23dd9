// The place where a device is debugged online (D-12): the control panel on the left, what is said on the right.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Card, Notice, Tabs } from '../../kit';
import { ActionPanel } from './ActionPanel';
import { useDevice } from './context';
import { ControlPanel } from './ControlPanel';
import './debug.css';
import { MessageLog } from './MessageLog';
import { PublishPanel } from './PublishPanel';
import { useProperties } from './useProperties';

type Side = 'control' | 'action' | 'publish';

export default function DebugTab() {
  const { t } = useTranslation();
  const { online, enabled, model } = useDevice();
  const { known } = useProperties();
  const [side, setSide] = useState<Side>('control');
  const notice = !enabled ? 'device.debugDisabled' : !online ? 'device.debugOffline' : undefined;
  return (
    <div className="debug">
      <Card>
        <Tabs
          label={t('device.panel')}
          value={side}
          onChange={setSide}
          tabs={[
            { value: 'control', text: t('device.control') },
            { value: 'action', text: t('device.call'), count: model.actions.length || undefined },
            { value: 'publish', text: t('device.publish') },
          ]}
        />
        {notice && (
          <div className="debug-notice">
            <Notice kind="warning">{t(notice)}</Notice>
          </div>
        )}
        {side === 'control' && <ControlPanel known={known} />}
        {side === 'action' && <ActionPanel />}
        {side === 'publish' && <PublishPanel />}
      </Card>
      <MessageLog />
    </div>
  );
}
