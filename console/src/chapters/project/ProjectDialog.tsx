// The place where a project is made or changed.
import { useTranslation } from 'react-i18next';
import type { ProjectEntryEx } from '../../api/gen';
import { useAction } from '../../api/hooks';
import { useInstance } from '../../app/guards';
import { Field, FormDialog, Input, Textarea, useForm } from '../../kit';
import { PROJECT_DESCRIPTION_CHARS, PROJECT_NAME_CHARS } from '../../limits';

interface ProjectDialogProps {
  /** The one to change; left out: a new one. */
  project?: ProjectEntryEx;
  onClose: () => void;
  onMade?: (projectId: string) => void;
}

export function ProjectDialog({ project, onClose, onMade }: ProjectDialogProps) {
  const { t } = useTranslation();
  const instance = useInstance();
  const doing = {
    quiet: true,
    stale: ['GetProjectList', 'DescribeInstances'] as ('GetProjectList' | 'DescribeInstances')[],
  };
  const make = useAction('CreateProject', { ...doing, done: t('said.created') });
  const change = useAction('ModifyProject', { ...doing, done: t('said.saved') });
  const start = { name: project?.ProjectName ?? '', desc: project?.ProjectDesc ?? '' };
  const form = useForm(start, ({ name, desc }) => ({
    name: name.trim() && [...name].length <= PROJECT_NAME_CHARS ? undefined : t('project.nameRule'),
    desc: [...desc].length <= PROJECT_DESCRIPTION_CHARS ? undefined : t('project.descRule'),
  }));

  const submit = async (values: typeof start) => {
    const given = { ProjectName: values.name.trim(), ProjectDesc: values.desc.trim() };
    if (project?.ProjectId) {
      await change.runAsync({ ProjectId: project.ProjectId, ...given });
    } else {
      const made = await make.runAsync({ InstanceId: instance.id, ...given });
      if (made.Project.ProjectId) onMade?.(made.Project.ProjectId);
    }
  };
  return (
    <FormDialog
      title={t(project ? 'project.edit' : 'project.new')}
      form={form}
      width={480}
      onClose={onClose}
      onSubmit={submit}
      blame={{ 'UnsupportedOperation.ProjectDupKeyExist': 'name', InvalidParameterValue: 'name' }}
    >
      <Field label={t('project.name')} required error={form.error('name')} help={t('project.nameRule')}>
        <Input {...form.bind('name')} />
      </Field>
      <Field label={t('project.desc')} error={form.error('desc')}>
        <Textarea {...form.bind('desc')} autosize={{ minRows: 3, maxRows: 6 }} />
      </Field>
    </FormDialog>
  );
}
