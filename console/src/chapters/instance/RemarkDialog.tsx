// The place where an instance's remark is changed.
import { useTranslation } from 'react-i18next';
import type { InstanceEntry } from '../../api/gen';
import { useAction } from '../../api/hooks';
import { Field, FormDialog, Input, useForm } from '../../kit';
import { INSTANCE_DESCRIPTION_CHARS } from '../../limits';

export function RemarkDialog({ instance, onClose }: { instance: InstanceEntry; onClose: () => void }) {
  const { t } = useTranslation();
  const save = useAction('ModifyInstanceDescription', {
    done: t('said.saved'),
    stale: ['DescribeInstances', 'DescribeInstance'],
    quiet: true,
  });
  const form = useForm({ remark: instance.Description ?? '' }, ({ remark }) => ({
    remark: [...remark].length > INSTANCE_DESCRIPTION_CHARS ? t('instance.remarkLong') : undefined,
  }));
  return (
    <FormDialog
      title={t('instance.editRemark')}
      form={form}
      width={460}
      onClose={onClose}
      onSubmit={({ remark }) =>
        save.runAsync({ InstanceId: instance.InstanceId ?? '', Description: remark.trim() })
      }
      blame={{ InvalidParameter: 'remark' }}
    >
      <Field label={t('instance.remarkName')} error={form.error('remark')} help={t('instance.remarkLong')}>
        <Input {...form.bind('remark')} />
      </Field>
    </FormDialog>
  );
}
