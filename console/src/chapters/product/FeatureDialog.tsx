// The place where a property, an event or an action is made or changed (M-03, M-04, M-05).
import { useTranslation } from 'react-i18next';
import { Checkbox, Field, FormDialog, Input, Radios, Textarea, useForm } from '../../kit';
import { FEATURE_DESCRIPTION_CHARS } from '../../limits';
import { featureDraft, featureOf, newFeature, type FeatureDraft } from '../../thing-model/draft';
import { DATA_TYPES, type EventType, type Feature, type FeatureKind } from '../../thing-model/types';
import { checkFeature } from '../../thing-model/validate';
import { DefineEditor, ParamList, type Wrongs } from './DefineEditor';
import './model.css';

interface FeatureDialogProps {
  /** The one to change; left out: a new one. */
  feature?: Feature;
  /** Identifiers of the other features. */
  taken: ReadonlySet<string>;
  onSave: (feature: Feature) => Promise<unknown>;
  onClose: () => void;
}

const KINDS: FeatureKind[] = ['property', 'event', 'action'];
const EVENT_TYPES: EventType[] = ['info', 'alert', 'fault'];

export function FeatureDialog({ feature, taken, onSave, onClose }: FeatureDialogProps) {
  const { t } = useTranslation();
  const words = { on: t('model.on'), off: t('model.off') };
  const start = () => (feature ? featureDraft(feature, words) : newFeature(words));
  const form = useForm({ draft: start() }, ({ draft }) => {
    const mistakes = checkFeature(featureOf(draft), taken);
    return { draft: mistakes.length > 0 ? mistakes[0]?.wrong : undefined };
  });
  const { draft } = form.values;
  const put = (change: Partial<FeatureDraft>) => form.set('draft', { ...draft, ...change });
  const mistakes = form.error('draft') ? checkFeature(featureOf(draft), taken) : [];
  const wrongs: Wrongs = (path) => {
    const wrong = mistakes.find((one) => one.path === path)?.wrong;
    return wrong && t(`model.wrong.${wrong}`);
  };
  return (
    <FormDialog
      side
      width={680}
      title={t(feature ? 'model.editFeature' : 'model.addCustom')}
      form={form}
      onClose={onClose}
      onSubmit={() => onSave(featureOf(draft))}
    >
      <Field label={t('model.kind')} group>
        <Radios
          segmented
          label={t('model.kind')}
          value={draft.kind}
          disabled={feature !== undefined}
          options={KINDS.map((value) => ({ value, text: t(`model.${value}`) }))}
          onChange={(kind) => put({ kind })}
        />
      </Field>
      <div className="k-grid-2">
        <Field label={t('model.name')} required error={wrongs('name')}>
          <Input value={draft.name} onChange={(name) => put({ name })} />
        </Field>
        <Field label={t('model.id')} required error={wrongs('id')} help={t('model.idHelp')}>
          <Input value={draft.id} onChange={(id) => put({ id })} />
        </Field>
      </div>
      <KindFields draft={draft} put={put} wrongs={wrongs} />
      <Field label={t('model.desc')}>
        <Textarea
          value={draft.desc}
          maxlength={FEATURE_DESCRIPTION_CHARS}
          autosize={{ minRows: 2, maxRows: 4 }}
          onChange={(desc) => put({ desc })}
        />
      </Field>
      <Checkbox checked={draft.required} onChange={(required) => put({ required })}>
        {t('model.required')}
      </Checkbox>
    </FormDialog>
  );
}

interface KindFieldsProps {
  draft: FeatureDraft;
  put: (change: Partial<FeatureDraft>) => void;
  wrongs: Wrongs;
}

function KindFields({ draft, put, wrongs }: KindFieldsProps) {
  const { t } = useTranslation();
  const list = (key: 'params' | 'input' | 'output') => (
    <ParamList
      title={t(`model.${key}`)}
      kind="param"
      params={draft[key]}
      onChange={(params) => put({ [key]: params })}
      path={key}
      wrongs={wrongs}
      types={DATA_TYPES}
    />
  );
  if (draft.kind === 'event') {
    return (
      <>
        <Field label={t('model.eventType')} required group>
          <Radios
            label={t('model.eventType')}
            value={draft.eventType}
            options={EVENT_TYPES.map((value) => ({ value, text: t(`model.${value}`) }))}
            onChange={(eventType) => put({ eventType })}
          />
        </Field>
        {list('params')}
      </>
    );
  }
  if (draft.kind === 'action') {
    return (
      <>
        {list('input')}
        {list('output')}
      </>
    );
  }
  return (
    <>
      <Field label={t('model.mode')} required group>
        <Radios
          label={t('model.mode')}
          value={draft.mode}
          options={[
            { value: 'rw', text: t('model.rw') },
            { value: 'r', text: t('model.r') },
          ]}
          onChange={(mode) => put({ mode })}
        />
      </Field>
      <DefineEditor
        draft={draft.define}
        onChange={(define) => put({ define })}
        path="define"
        wrongs={wrongs}
        types={DATA_TYPES}
      />
    </>
  );
}
