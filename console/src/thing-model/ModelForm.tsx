// The place where the parameters of an action are filled in.
import { useTranslation } from 'react-i18next';
import { Field } from '../kit';
import { PropertyControl } from './PropertyControl';
import type { Param } from './types';
import type { Wrong } from './validate';

interface ModelFormProps {
  params: readonly Param[];
  values: Readonly<Record<string, unknown>>;
  onChange: (values: Record<string, unknown>) => void;
  wrong: Readonly<Record<string, Wrong>>;
  disabled?: boolean;
}

export function ModelForm({ params, values, onChange, wrong, disabled }: ModelFormProps) {
  const { t } = useTranslation();
  return (
    <div className="k-form">
      {params.map((param) => {
        const mistake = wrong[param.id];
        return (
          <Field
            key={param.id}
            group
            label={param.name}
            error={mistake && t(`model.wrong.${mistake}`)}
            help={param.desc}
            extra={<code className="k-mono k-quiet">{param.id}</code>}
          >
            <PropertyControl
              define={param.define}
              label={param.name}
              value={values[param.id]}
              disabled={disabled}
              onChange={(next) => onChange({ ...values, [param.id]: next })}
            />
          </Field>
        );
      })}
    </div>
  );
}
