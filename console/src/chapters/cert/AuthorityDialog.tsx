// The place where a CA of the account is registered, or gets another certificate: the certificate, and the
// proof that its key is there.
import { useTranslation } from 'react-i18next';
import { useAction } from '../../api/hooks';
import { useUser } from '../../app/session';
import { Facts, Field, FileText, FormDialog, Input, Notice, Textarea, useForm } from '../../kit';
import { CERTIFICATE_NAME_CHARS } from '../../limits';
import { isCertificate } from './pem';
import { proofLines } from './proof';

interface AuthorityDialogProps {
  /** The one that gets another certificate; left out: a new one. */
  name?: string;
  onClose: () => void;
}

export function AuthorityDialog({ name: known, onClose }: AuthorityDialogProps) {
  const { t } = useTranslation();
  const user = useUser();
  const make = useAction('CreatePrivateCA', {
    quiet: true,
    stale: ['DescribePrivateCAs'],
    done: t('said.created'),
  });
  const replace = useAction('UpdatePrivateCA', {
    quiet: true,
    stale: ['DescribePrivateCAs'],
    done: t('said.saved'),
  });
  const pem = (text: string) => (isCertificate(text) ? undefined : t('cert.pemRule'));
  const form = useForm({ name: known ?? '', ca: '', proof: '' }, ({ name, ca, proof }) => ({
    name: name.trim() && [...name].length <= CERTIFICATE_NAME_CHARS ? undefined : t('cert.nameRule'),
    ca: pem(ca),
    proof: pem(proof),
  }));
  return (
    <FormDialog
      title={t(known === undefined ? 'cert.new' : 'cert.replace')}
      form={form}
      width={680}
      onClose={onClose}
      onSubmit={({ name, ca, proof }) => {
        const given = { CertName: known ?? name.trim(), CertText: ca, VerifyCertText: proof };
        return known === undefined ? make.runAsync(given) : replace.runAsync(given);
      }}
      blame={{
        'LimitExceeded.CACertNameRepeat': 'name',
        'LimitExceeded.CACertAlreadyExist': 'ca',
        'LimitExceeded.CACertNotSupport': 'ca',
        'InvalidParameterValue.CACertNotMatch': 'proof',
      }}
    >
      {known === undefined ? (
        <Field label={t('cert.name')} required error={form.error('name')} help={t('cert.nameRule')}>
          <Input {...form.bind('name')} />
        </Field>
      ) : (
        <>
          <Facts columns={1} items={[[t('cert.name'), known]]} />
          <Notice kind="warning">{t('cert.replaceText')}</Notice>
        </>
      )}
      <Pem
        label={t(known === undefined ? 'cert.ca' : 'cert.caNext')}
        error={form.error('ca')}
        {...form.bind('ca')}
      />
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
