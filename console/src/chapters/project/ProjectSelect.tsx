// The place where the project whose products are shown is chosen; the browser remembers it per instance.
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/client';
import { useCall } from '../../api/hooks';
import { useInstance } from '../../app/guards';
import { RemoteSelect } from '../../kit';
import { SHOWN } from '../../kit/RemoteSelect';

const key = (instanceId: string) => `thingd.project.${instanceId}`;

/** The project of the address, else the remembered one, else the default one. */
export function useProjectId(given: string): string {
  const { id, entry } = useInstance();
  return given || localStorage.getItem(key(id)) || entry.DefaultProjectId || '';
}

interface ProjectSelectProps {
  value: string;
  onChange: (projectId: string) => void;
  /** The accessible name, outside of a field. */
  label?: string;
}

export function ProjectSelect({ value, onChange, label }: ProjectSelectProps) {
  const { id } = useInstance();
  const { t } = useTranslation();
  const current = useCall('DescribeProject', { ProjectId: value }, { enabled: value !== '' });
  const find = useCallback(
    async (text: string, signal: AbortSignal) => {
      const params = { InstanceId: id, Offset: 0, Limit: SHOWN, ProjectName: text || undefined };
      const { Projects = [] } = await call('GetProjectList', params, signal);
      return Projects.map((one) => ({ value: one.ProjectId ?? '', text: one.ProjectName ?? '' }));
    },
    [id],
  );
  return (
    <RemoteSelect
      label={label}
      className="project-select"
      value={value}
      valueText={current.data?.Project?.ProjectName ?? value}
      placeholder={t('project.one')}
      cacheKey={['GetProjectList', 'select', id]}
      find={find}
      onChange={(chosen) => {
        localStorage.setItem(key(id), chosen);
        onChange(chosen);
      }}
    />
  );
}
