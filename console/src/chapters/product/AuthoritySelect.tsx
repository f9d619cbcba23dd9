// The place where it is chosen who issues the certificates of a product's devices.
import { useTranslation } from 'react-i18next';
import { useCall } from '../../api/hooks';
import { Select } from '../../kit';

interface AuthoritySelectProps {
  /** The name of a CA of the account; '' is the platform's own. */
  value: string;
  onChange: (name: string) => void;
}

export function AuthoritySelect({ value, onChange }: AuthoritySelectProps) {
  const { t } = useTranslation();
  const { data } = useCall('DescribePrivateCAs', {});
  const own = (data?.CAs ?? []).map(({ CertName }) => ({ value: CertName, text: CertName }));
  return (
    <Select
      value={value}
      options={[{ value: '', text: t('product.authorityPlatform') }, ...own]}
      onChange={onChange}
    />
  );
}
