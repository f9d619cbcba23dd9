// The place where a CA of the account is registered: its certificate, and the proof that its key is there.
import { useTranslation } from 'react-i18next';
import { useAction } from '../../api/hooks';
import { useUser } from '../../app/session';
import { Field, FileText, FormDialog, Input, Notice, Textarea, useForm } from '../../kit';
import { CERTIFICATE_NAME_CHARS } from '../../limits';
import { isCertificate } from './pem';
import { proofLines } from './proof';

export function AuthorityDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const user = useUser();
  const make = useAction('CreatePrivateCA', {
    quiet: true,
    stale: ['DescribePrivateCAs'],
    done: t('said.created'),
  });
  const pem = (text: string) => (isCertificate(text) ? undefined : t('cert.pemRule'));
  const form = useForm({ name: '', ca: '', proof: '' }, ({ name, ca, proof }) => ({
    name: name.trim() && [...name].length <= CERTIFICATE_NAME_CHARS ? undefined : t('cert.nameRule'),
    ca: pem(ca),
    proof: pem(proof),
  }));
  return (
    <FormDialog
      title={t('cert.new')}
      form={form}
      width={680}
      onClose={onClose}
      onSubmit={({ name, ca, proof }) =>
        make.runAsync({ CertName: name.trim(), CertText: ca, VerifyCertText: proof })
      }
      blame={{
        'LimitExceeded.CACertNameRepeat': 'name',
        'LimitExceeded.CACertAlreadyExist': 'ca',
        'LimitExceeded.CACertNotSupport': 'ca',
        'InvalidParameterValue.CACertNotMatch': 'proof',
      }}
    >
      <Field label={t('cert.name')} required error={form.error('name')} help={t('cert.nameRule')}>
        <Input {...form.bind('name')} />
      </Field>
      <Pem label={t('cert.ca')} error={form.error('ca')} {...form.bind('ca')} />
      <Notice>{t('cert.proofText')}</Notice>
      <FileText title={t('cert.proofLines')} text={proofLines(user?.uin ?? '')} />
      <Pem label={t('cert.proof')} error={form.error('proof')} {...form.bind('proof')} />
    </FormDialog>
  );
}

interface PemProps {
  label: string;
  error: string | undefined;
  value: string;
  onChange: (value: unknown) => void;
  onBlur: () => void;
}

function Pem({ label, error, ...bound }: PemProps) {
  return (
    <Field label={label} required error={error}>
      <Textarea {...bound} placeholder="-----BEGIN CERTIFICATE-----" autosize={{ minRows: 3, maxRows: 8 }} />
    </Field>
  );
}
